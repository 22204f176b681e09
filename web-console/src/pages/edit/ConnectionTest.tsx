// "Test connection": the stages one by one, and at the one that failed what to do.

import { Button, Group, Loader, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleMinus, IconCircleX, IconPlugConnected } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Notice } from '../../kit/Notice';
import { testConnection, type ConnectionEnd, type StageResult } from '../../api/sources';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { useSpecForm } from './FormFields';

export function ConnectionTest({ end }: { end: 'source' | 'target' }) {
  const { t } = useTranslation('edit');
  const { spec, stored } = useSpecForm();
  const what: ConnectionEnd =
    end === 'source' ? { end, producer: spec.producer } : { end: 'target', consumer: spec.consumer };
  const test = useMutation({ mutationFn: () => testConnection({ ...what, task: stored }) });
  return (
    <Stack gap="xs">
      <Group>
        <Button
          variant="light"
          leftSection={test.isPending ? <Loader size={14} /> : <IconPlugConnected size={16} />}
          disabled={test.isPending}
          onClick={() => {
            test.mutate();
          }}
        >
          {t('test.run')}
        </Button>
      </Group>
      <div role="status">
        {test.isPending && <Text size="sm">{t('test.running')}</Text>}
        {test.data && <StageList stages={test.data.stages} />}
      </div>
      {test.error && <ProblemNotice problem={test.error} />}
    </Stack>
  );
}

export function StageList({ stages }: { stages: readonly StageResult[] }) {
  const { t } = useTranslation('edit');
  return (
    <Stack gap={6} component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
      {stages.map(({ stage, state, detail, hint, millis }) => (
        <li key={stage}>
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <StageIcon state={state} />
            <Text size="sm" fw={500} miw={90}>
              {t(`test.stage.${stage}`)}
            </Text>
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {detail}
              {state !== 'skipped' && (
                <Text span size="xs" c="dimmed">
                  {' '}
                  {t('test.millis', { millis })}
                </Text>
              )}
            </Text>
          </Group>
          {state !== 'passed' && hint && <Notice tone={state === 'failed' ? 'bad' : 'calm'}>{hint}</Notice>}
        </li>
      ))}
    </Stack>
  );
}

function StageIcon({ state }: { state: StageResult['state'] }) {
  const { t } = useTranslation('edit');
  const label = t(`test.state.${state}`);
  const props = { size: 18, role: 'img', 'aria-label': label, style: { flexShrink: 0 } } as const;
  if (state === 'passed') return <IconCircleCheck {...props} color="var(--mantine-color-teal-6)" />;
  if (state === 'failed') return <IconCircleX {...props} color="var(--mantine-color-red-6)" />;
  return <IconCircleMinus {...props} color="var(--mantine-color-gray-6)" />;
}
