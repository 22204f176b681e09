// Why a task does not do what is wanted, and what to do about it.
import { Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../api/task';

export function FailureNotice({ failure, tone }: { failure: Failure; tone: 'bad' | 'warn' }) {
  const { t } = useTranslation('task');
  return (
    <div
      className={`tone-${tone}`}
      style={{ display: 'flex', gap: 10, padding: '10px 14px', borderRadius: 8 }}
      role="status"
    >
      <IconAlertTriangle size={20} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
      <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        <Text fw={600} size="sm">
          {failure.reason}
        </Text>
        {failure.hint !== '' && <Text size="sm">{t('failure.hint', { hint: failure.hint })}</Text>}
        <Text size="xs" className="mono">
          {failure.code}
        </Text>
      </div>
    </div>
  );
}
