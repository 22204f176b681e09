import { SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { readTask } from '../../api/specs';
import type { Status } from '../../api/task';
import { formatCount } from '../../kit/format';
import { LagText } from '../../kit/LagText';
import { Panel } from '../../kit/Panel';
import { TimeAgo } from '../../kit/TimeAgo';
import { FailureNotice } from './FailureNotice';
import { bytesOf, QUEUE_BYTES_DEFAULT } from './pipe';
import { PipePicture } from './PipePicture';

const RecentCharts = lazy(() => import('./LagTab').then((page) => ({ default: page.RecentCharts })));

export function OverviewTab({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const task = useQuery({
    queryKey: [...keys.task(status.name), 'spec', status.version],
    queryFn: () => readTask(status.name),
    staleTime: Infinity,
  });
  const queueMost = bytesOf(task.data?.spec.pipe?.queue_bytes_max) ?? QUEUE_BYTES_DEFAULT;
  const failed = status.state === 'failed' || status.state === 'retrying';
  return (
    <Stack gap="md">
      {failed && status.failure && (
        <FailureNotice failure={status.failure} tone={status.state === 'failed' ? 'bad' : 'warn'} />
      )}
      {!failed && status.explanation && <FailureNotice failure={status.explanation} tone="warn" />}
      <Panel title={t('pipe.title')}>
        <PipePicture status={status} queueMost={queueMost} />
      </Panel>
      <Facts status={status} />
      <Suspense fallback={null}>
        <RecentCharts name={status.name} />
      </Suspense>
    </Stack>
  );
}

function Facts({ status }: { status: Status }) {
  const { t, i18n } = useTranslation('task');
  const count = (amount: number) => formatCount(amount, i18n.language);
  const { progress } = status;
  const wanted = status.instances_wanted;
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm">
      <Fact label={t('fact.lag')}>
        <LagText seconds={status.lag_seconds} />
        {status.lag_by && <Small>{t(`fact.lag_by.${status.lag_by}`)}</Small>}
      </Fact>
      <Fact label={t('fact.runs_on')}>
        {status.running?.core ?? '–'}
        {status.running && <Small>{t('fact.epoch', { epoch: status.running.epoch })}</Small>}
      </Fact>
      <Fact label={t('fact.instances')}>
        {t('fact.of', { now: status.instances.length, wanted })}
        <Small>{status.group}</Small>
      </Fact>
      <Fact label={t('fact.applied')}>
        {progress ? t('fact.rows', { rows: count(progress.rows) }) : '–'}
        {progress && <Small>{t('fact.transactions', { transactions: count(progress.transactions) })}</Small>}
      </Fact>
      <Fact label={t('fact.event_time')}>
        <TimeAgo at={status.checkpoint?.event_time ?? status.last_commit?.event_time} />
      </Fact>
      <Fact label={t('fact.retries')}>
        {count(status.retries)}
        {Boolean(status.skipped) && <Small>{t('fact.skipped', { count: status.skipped ?? 0 })}</Small>}
      </Fact>
    </SimpleGrid>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="panel" style={{ padding: '8px 12px', minWidth: 0, overflowWrap: 'anywhere' }}>
      <Text size="xs" className="soft">
        {label}
      </Text>
      <Text component="div" fw={600}>
        {children}
      </Text>
    </div>
  );
}

function Small({ children }: { children: ReactNode }) {
  return (
    <Text component="div" size="xs" fw={400} className="soft">
      {children}
    </Text>
  );
}
