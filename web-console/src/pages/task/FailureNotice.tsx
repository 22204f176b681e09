// Why a task does not do what is wanted, and what to do about it.
import { Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useCodes } from '../../i18n/codes';
import type { Failure } from '../../api/task';

export function FailureNotice({ failure, tone }: { failure: Failure; tone: 'bad' | 'warn' }) {
  const { t } = useTranslation('task');
  const say = useCodes();
  const meaning = say('failure', failure.code, 'is');
  const hint = say('failure', failure.code, 'do');
  return (
    <div
      className={`tone-${tone}`}
      style={{ display: 'flex', gap: 10, padding: '10px 14px', borderRadius: 8 }}
      role="status"
    >
      <IconAlertTriangle size={20} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
      <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        {meaning !== undefined && (
          <Text fw={600} size="sm">
            {meaning}
          </Text>
        )}
        <Text fw={meaning === undefined ? 600 : 400} size="sm">
          {failure.reason}
        </Text>
        {hint !== undefined && <Text size="sm">{t('failure.hint', { hint })}</Text>}
        {failure.hint !== '' && (
          <Text size="sm">{hint === undefined ? t('failure.hint', { hint: failure.hint }) : failure.hint}</Text>
        )}
        <Text size="xs" className="mono">
          {failure.code}
        </Text>
      </div>
    </div>
  );
}
