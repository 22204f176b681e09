// A new password, typed twice.
import { PasswordInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PASSWORD_MIN } from '../../api/users';

export interface Typed {
  first: string;
  again: string;
}

export const NO_PASSWORD: Typed = { first: '', again: '' };

export const isGood = ({ first, again }: Typed) => first.length >= PASSWORD_MIN && first === again;

export function NewPassword({ value, onChange }: { value: Typed; onChange: (value: Typed) => void }) {
  const { t } = useTranslation('session');
  const differs = value.again !== '' && value.again !== value.first;
  return (
    <>
      <PasswordInput
        label={t('newPassword')}
        description={t('passwordRule', { count: PASSWORD_MIN })}
        value={value.first}
        onChange={(event) => onChange({ ...value, first: event.currentTarget.value })}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
        required
        withAsterisk={false}
      />
      <PasswordInput
        label={t('again')}
        value={value.again}
        onChange={(event) => onChange({ ...value, again: event.currentTarget.value })}
        error={differs ? t('differs') : undefined}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
        required
        withAsterisk={false}
      />
    </>
  );
}
