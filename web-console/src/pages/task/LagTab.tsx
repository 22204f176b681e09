// Lag and throughput over time, with a live tail.
import { SegmentedControl, SimpleGrid, Stack } from '@mantine/core';
import { hashKey, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { historyQuery, statusQuery, type History, type Status } from '../../api/task';
import { Chart } from '../../kit/Chart';
import { EmptyState } from '../../kit/EmptyState';
import { formatAmount, formatBytes, formatDuration } from '../../kit/format';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { RANGES, sinceKnown, times, values, withLive, type Live, type Range, type SeriesName } from './history';
import { StateBar } from './StateBar';

/** How often the stored history is read again; between, the live tail grows. */
const REREAD_MS = 60_000;
/** Most points of the live tail. */
const LIVE_MAX = 120;

const CHARTS: { name: SeriesName; colour: string; format: (value: number) => string }[] = [
  { name: 'lag_seconds', colour: 'var(--warn-text)', format: formatDuration },
  { name: 'rows_per_second', colour: 'var(--good-text)', format: formatAmount },
  { name: 'transactions_per_second', colour: 'var(--good-text)', format: formatAmount },
  { name: 'bytes_per_second', colour: 'var(--busy-text)', format: formatBytes },
  { name: 'queue_bytes', colour: 'var(--busy-text)', format: formatBytes },
];

export function LagTab({ name }: { name: string }) {
  const { t } = useTranslation('task');
  const [range, setRange] = useState<Range>('30m');
  const seconds = RANGES.find(({ key }) => key === range)?.seconds ?? RANGES[0].seconds;
  const history = useQuery({ ...historyQuery(name, seconds), refetchInterval: REREAD_MS });
  const live = useLive(name);
  return (
    <Stack gap="md">
      <SegmentedControl
        aria-label={t('history.range')}
        value={range}
        onChange={(chosen) => setRange(chosen as Range)}
        data={RANGES.map(({ key }) => ({ value: key, label: t(`history.last.${key}`) }))}
        style={{ alignSelf: 'flex-start' }}
      />
      {history.error && <ProblemNotice problem={history.error} />}
      {history.data && <Charts history={sinceKnown(withLive(history.data, live))} />}
    </Stack>
  );
}

/** The last half hour beside the pipe: how far behind, and how much flows. */
export function RecentCharts({ name }: { name: string }) {
  const history = useQuery({ ...historyQuery(name, RANGES[0].seconds), refetchInterval: REREAD_MS });
  const live = useLive(name);
  if (!history.data) return null;
  const recent = sinceKnown(withLive(history.data, live));
  const at = times(recent);
  if (at.length === 0) return null;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      {CHARTS.slice(0, 2).map((chart) => (
        <OneChart key={chart.name} {...chart} history={recent} at={at} height={150} />
      ))}
    </SimpleGrid>
  );
}

/** What the status said since the tab was opened. */
function useLive(name: string): Live[] {
  const cache = useQueryClient();
  const [live, setLive] = useState<Live[]>([]);
  useEffect(() => {
    const { queryKey } = statusQuery(name);
    return cache.getQueryCache().subscribe(({ type, query }) => {
      if (type !== 'updated' || hashKey(query.queryKey) !== hashKey(queryKey)) return;
      const status = cache.getQueryData(queryKey);
      if (status)
        setLive((before) => [...before.slice(1 - LIVE_MAX), point(status, query.state.dataUpdatedAt / 1_000)]);
    });
  }, [cache, name]);
  return live;
}

function point({ lag_seconds: lag, progress }: Status, at: number): Live {
  return {
    at,
    values: {
      lag_seconds: lag ?? null,
      rows_per_second: progress?.rows_per_second ?? null,
      transactions_per_second: progress?.transactions_per_second ?? null,
      bytes_per_second: progress?.bytes_per_second ?? null,
      queue_bytes: progress?.queue_bytes ?? null,
    },
  };
}

function Charts({ history }: { history: History }) {
  const { t } = useTranslation('task');
  const at = times(history);
  if (at.length === 0) return <EmptyState title={t('history.none')} text={t('history.none_about')} />;
  return (
    <>
      {history.states.length > 0 && (
        <Panel title={t('history.states')}>
          <StateBar states={history.states} />
        </Panel>
      )}
      {CHARTS.map((chart) => (
        <OneChart
          key={chart.name}
          {...chart}
          history={history}
          at={at}
          height={chart.name === 'lag_seconds' ? 220 : 150}
        />
      ))}
    </>
  );
}

type OneChartProps = (typeof CHARTS)[number] & { history: History; at: number[]; height: number };

function OneChart({ name, colour, format, history, at, height }: OneChartProps) {
  const { t } = useTranslation('task');
  const title = t(`history.${name}`);
  return (
    <Panel title={title}>
      <Chart
        title={title}
        times={at}
        lines={[{ label: title, colour, values: values(history, name) }]}
        format={format}
        height={height}
      />
    </Panel>
  );
}
