// What is not told for now, until when and why.
import { Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { endSilence, silencesQuery, type Matcher, type Silence } from '../../api/alerts';
import { usePoll } from '../../api/contact';
import { keys } from '../../api/keys';
import { useMay } from '../../api/session';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { EmptyState } from '../../kit/EmptyState';
import { PageHeader } from '../../kit/PageHeader';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { SilenceButton } from './SilenceButton';

export function SilencesPage() {
  const { t } = useTranslation('silences');
  const mayOperate = useMay('operator');
  const list = useQuery({ ...silencesQuery, refetchInterval: usePoll(10_000) });
  return (
    <>
      <PageHeader title={t('title')} text={t('about')}>
        {mayOperate && <SilenceButton label={t('make')} initial={{}} />}
      </PageHeader>
      <ProblemNotice problem={list.error} />
      {list.data?.silences.length === 0 && <EmptyState title={t('none')} />}
      {list.data && list.data.silences.length > 0 && <Silences silences={list.data.silences} />}
    </>
  );
}

function Silences({ silences }: { silences: readonly Silence[] }) {
  const { t } = useTranslation('silences');
  const mayOperate = useMay('operator');
  const cache = useQueryClient();
  return (
    <Panel flush>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={t('title')}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {(['matches', 'until', 'from', 'by', 'reason'] as const).map((column) => (
                <Table.Th key={column}>{t(column)}</Table.Th>
              ))}
              <Table.Th>
                <span className="soft">{t('actions')}</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {silences.map((silence) => (
              <Table.Tr key={silence.id}>
                <Table.Td>
                  <Matches matcher={silence.matcher} />
                </Table.Td>
                <Table.Td>
                  <TimeAgo at={silence.until} />
                </Table.Td>
                <Table.Td>
                  <TimeAgo at={silence.from} />
                </Table.Td>
                <Table.Td>{silence.by}</Table.Td>
                <Table.Td>{silence.reason}</Table.Td>
                <Table.Td>
                  {mayOperate && silence.state !== 'over' && (
                    <ConfirmAction
                      label={t('end')}
                      title={t('end_title')}
                      act={async () => {
                        await endSilence(silence.id);
                        await cache.invalidateQueries({ queryKey: keys.silences });
                        await cache.invalidateQueries({ queryKey: keys.alerts });
                      }}
                    >
                      <Text size="sm">{t('end_about')}</Text>
                    </ConfirmAction>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Panel>
  );
}

function Matches({ matcher }: { matcher: Matcher }) {
  const { t } = useTranslation('silences');
  const parts = (['rule', 'task', 'group', 'core', 'severity'] as const).filter((key) => matcher[key]);
  if (parts.length === 0) return <>{t('everything')}</>;
  return (
    <>
      {parts.map((key) => (
        <div key={key}>
          <span className="soft">{t(key)}</span> <span className="mono">{matcher[key]}</span>
        </div>
      ))}
    </>
  );
}
