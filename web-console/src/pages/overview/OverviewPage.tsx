// What needs somebody now, and how everything is.
import { SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { PageLoads } from '../../app/NotFound';
import { usePoll } from '../../api/contact';
import { overviewQuery } from '../../api/overview';
import { useMay } from '../../api/session';
import { PageHeader } from '../../kit/PageHeader';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { AttentionList } from './AttentionList';
import { Changes } from './Changes';
import { Tiles } from './Tiles';
import { WorstLag } from './WorstLag';

/** Parts of the overview have no event of their own, so it is also read again now and then. */
const REREAD_MS = 10_000;

export function OverviewPage() {
  const { t } = useTranslation('overview');
  const mayReadAudit = useMay('operator');
  const poll = usePoll(3_000);
  const { data, error } = useQuery({ ...overviewQuery, refetchInterval: poll === false ? REREAD_MS : poll });
  return (
    <>
      <PageHeader title={t('title')} />
      <Stack gap="md">
        <ProblemNotice problem={error} />
        {data === undefined ? (
          error === null && <PageLoads />
        ) : (
          <>
            <Panel title={t('attention.title')}>
              <AttentionList attention={data.attention} />
            </Panel>
            <Tiles overview={data} />
            <SimpleGrid cols={{ base: 1, lg: 2 }} style={{ alignItems: 'start' }}>
              <Panel title={t('lag.title')} flush>
                <WorstLag tasks={data.tasks.worst_lag} />
              </Panel>
              {mayReadAudit && (
                <Panel title={t('changes.title')} flush>
                  <Changes />
                </Panel>
              )}
            </SimpleGrid>
          </>
        )}
      </Stack>
    </>
  );
}
