// Changes that did not find their row as the source had it, newest first.
import { Button, Table } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { conflictsQuery } from '../../api/conflicts';
import { EmptyState } from '../../kit/EmptyState';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { changeLines } from './conflict';

export function ConflictsTab({ name }: { name: string }) {
  const { t } = useTranslation('task');
  const found = useInfiniteQuery(conflictsQuery(name));
  if (found.error) return <ProblemNotice problem={found.error} />;
  const first = found.data?.pages[0];
  if (!first) return null;
  if (first.explanation) return <EmptyState title={t('conflict.unknown')} text={first.explanation} />;
  const conflicts = found.data?.pages.flatMap((page) => page.conflicts) ?? [];
  if (conflicts.length === 0) return <EmptyState title={t('conflict.none')} text={t('conflict.none_about')} />;
  return (
    <Panel title={t('conflict.title', { count: first.recorded ?? conflicts.length })} flush>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={t('tab.conflicts')}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {(['found', 'table', 'reason', 'action', 'position', 'change'] as const).map((column) => (
                <Table.Th key={column}>{t(`conflict.${column}`)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {conflicts.map((conflict) => (
              <Table.Tr key={conflict.id}>
                <Table.Td>{conflict.found_at ? <TimeAgo at={conflict.found_at} /> : '–'}</Table.Td>
                <Table.Td className="mono">{conflict.table}</Table.Td>
                <Table.Td className="mono">{conflict.reason}</Table.Td>
                <Table.Td className="mono">{conflict.action}</Table.Td>
                <Table.Td className="mono">
                  {conflict.position.file}:{conflict.position.offset}
                </Table.Td>
                <Table.Td className="mono">
                  {changeLines(conflict.change).map((line) => (
                    <div key={line} style={{ overflowWrap: 'anywhere' }}>
                      {line}
                    </div>
                  ))}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {found.hasNextPage && (
        <Button variant="subtle" m="xs" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t('conflict.more')}
        </Button>
      )}
    </Panel>
  );
}
