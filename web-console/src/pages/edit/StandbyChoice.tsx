import { Radio, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export type StandbyKind = 'hot' | 'count' | 'cold';

const KINDS: readonly StandbyKind[] = ['hot', 'count', 'cold'];

/** How a task is kept running, each way with what it costs. */
export function StandbyChoice({ value, onChange }: { value: StandbyKind; onChange: (kind: StandbyKind) => void }) {
  const { t } = useTranslation('edit');
  return (
    <Radio.Group
      label={t('standby.title')}
      value={value}
      onChange={(kind) => {
        onChange(kind as StandbyKind);
      }}
    >
      <Stack gap={6} mt={4}>
        {KINDS.map((kind) => (
          <Radio key={kind} value={kind} label={t(`standby.${kind}`)} description={t(`standby.${kind}_about`)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
