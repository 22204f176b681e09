// A secret, or where the process that needs it looks it up on its own host.
import { Button, Group, NativeSelect, PasswordInput, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { KEPT_SECRET, secretKind, secretOf, secretText, type Secret, type SecretKind } from './spec';

interface Props {
  label: string;
  /** Who looks it up. */
  place: 'core' | 'monitor';
  secret: Secret | undefined;
  error?: ReactNode;
  onChange: (secret: Secret | undefined) => void;
}

export function SecretInput({ label, place, secret, error, onChange }: Props) {
  const { t } = useTranslation('edit');
  const kind = secretKind(secret);
  const text = secretText(secret);
  const kept = kind === 'text' && text === KEPT_SECRET;
  const put = (value: string): void => {
    onChange(value === '' && kind === 'text' ? undefined : secretOf(kind, value));
  };
  return (
    <Group align="flex-start" gap="xs">
      <NativeSelect
        label={t('secret.from', { label })}
        data={(['text', 'env', 'file'] as const).map((value) => ({ value, label: t(`secret.${value}`) }))}
        value={kind}
        onChange={({ currentTarget }) => {
          const chosen = currentTarget.value as SecretKind;
          onChange(chosen === 'text' ? undefined : secretOf(chosen, ''));
        }}
        w={170}
      />
      {kept ? (
        <Group align="flex-end" gap="xs" flex={1} miw={200} wrap="nowrap">
          <TextInput label={label} value={t('secret.kept')} readOnly flex={1} error={error} />
          <Button variant="default" size="sm" onClick={() => put('')}>
            {t('secret.change')}
          </Button>
        </Group>
      ) : kind === 'text' ? (
        <PasswordInput
          label={label}
          flex={1}
          miw={200}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': t('secret.show') }}
          error={error}
          value={text}
          onChange={({ currentTarget }) => put(currentTarget.value)}
        />
      ) : (
        <TextInput
          label={kind === 'env' ? t('secret.variable') : t('secret.path')}
          description={t(`secret.elsewhere.${place}`)}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          placeholder={kind === 'env' ? 'DB1_PASSWORD' : '/run/secrets/db1'}
          flex={1}
          miw={200}
          spellCheck={false}
          error={error}
          value={text}
          onChange={({ currentTarget }) => put(currentTarget.value)}
        />
      )}
    </Group>
  );
}
