// Making a silence: what it is about, how long, and why. It always has an end.
import { NativeSelect, Select, Stack, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { silence, type Matcher } from '../../api/alerts';
import { keys } from '../../api/keys';
import { rulesQuery } from '../../api/rules';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { SEVERITIES } from '../../kit/SeverityPill';

const LASTS = ['30m', '1h', '4h', '12h', '1d', '7d', '30d'] as const;

export function SilenceButton({ label, initial }: { label: string; initial: Matcher }) {
  const { t } = useTranslation(['silences', 'words']);
  const cache = useQueryClient();
  const [matcher, setMatcher] = useState(initial);
  const [lasts, setLasts] = useState<string>('1h');
  const [reason, setReason] = useState('');
  return (
    <ConfirmAction
      label={label}
      title={t('make')}
      act={async () => {
        await silence({ matcher, lasts, reason: reason.trim() });
        await cache.invalidateQueries({ queryKey: keys.silences });
        await cache.invalidateQueries({ queryKey: keys.alerts });
      }}
    >
      <Stack gap="xs">
        <MatcherFields matcher={matcher} onChange={setMatcher} />
        <NativeSelect
          label={t('lasts')}
          value={lasts}
          onChange={({ currentTarget }) => setLasts(currentTarget.value)}
          data={LASTS.map((value) => ({ value, label: t(`for.${value}`) }))}
        />
        <TextInput
          label={t('reason')}
          required
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </Stack>
    </ConfirmAction>
  );
}

function MatcherFields({ matcher, onChange }: { matcher: Matcher; onChange: (matcher: Matcher) => void }) {
  const { t } = useTranslation(['silences', 'words']);
  const rules = useQuery(rulesQuery);
  const put = (key: keyof Matcher, value: string | null): void => {
    const others = Object.fromEntries(Object.entries(matcher).filter(([known]) => known !== key)) as Matcher;
    onChange(value ? ({ ...others, [key]: value } as Matcher) : others);
  };
  return (
    <>
      <Select
        label={t('rule')}
        placeholder={t('any')}
        clearable
        clearButtonProps={{ 'aria-label': t('any') }}
        searchable
        data={rules.data?.rules.map(({ rule }) => rule) ?? (matcher.rule ? [matcher.rule] : [])}
        value={matcher.rule ?? null}
        onChange={(value) => put('rule', value)}
      />
      {(['task', 'group', 'core'] as const).map((key) => (
        <TextInput
          key={key}
          label={t(key)}
          placeholder={t('any')}
          value={matcher[key] ?? ''}
          onChange={({ currentTarget }) => put(key, currentTarget.value)}
        />
      ))}
      <NativeSelect
        label={t('severity')}
        value={matcher.severity ?? ''}
        onChange={({ currentTarget }) => put('severity', currentTarget.value)}
        data={[
          { value: '', label: t('any') },
          ...SEVERITIES.map((value) => ({ value, label: t(`words:severity.${value}`) })),
        ]}
      />
    </>
  );
}
