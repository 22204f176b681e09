// What was done to this task, by whom.
import { Button, Table } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { auditQuery } from '../../api/audit';
import { EmptyState } from '../../kit/EmptyState';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { DiffView } from './DiffView';

export function AuditTab({ name }: { name: string }) {
  const { t } = useTranslation('task');
  const audit = useInfiniteQuery(auditQuery({ task: name }));
  if (audit.error) return <ProblemNotice problem={audit.error} />;
  if (!audit.data) return null;
  const entries = audit.data.pages.flatMap((page) => page.entries);
  if (entries.length === 0) return <EmptyState title={t('audit.none')} />;
  return (
    <Panel title={t('audit.title')} flush>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={t('audit.title')}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {(['at', 'user', 'action', 'outcome', 'detail'] as const).map((column) => (
                <Table.Th key={column}>{t(`audit.${column}`)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map((entry) => (
              <Table.Tr key={entry.id}>
                <Table.Td>
                  <TimeAgo at={entry.at} />
                </Table.Td>
                <Table.Td>{entry.user}</Table.Td>
                <Table.Td className="mono">{entry.action}</Table.Td>
                <Table.Td>{t(`audit.was.${entry.outcome}`)}</Table.Td>
                <Table.Td>
                  {entry.detail}
                  {entry.diff && (
                    <details>
                      <summary>{t('audit.diff')}</summary>
                      <DiffView diff={entry.diff} />
                    </details>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {audit.hasNextPage && (
        <Button variant="subtle" m="xs" loading={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
          {t('audit.more')}
        </Button>
      )}
    </Panel>
  );
}
