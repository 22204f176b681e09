// What was done to this task, by whom.
import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { pending } from '../../api/client';
import { keys } from '../../api/keys';
import { EmptyState } from '../../kit/EmptyState';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { DiffView } from './DiffView';

interface Entry {
  id: string;
  at: string;
  user: string;
  via: string;
  address: string;
  action: string;
  subject: string;
  outcome: 'done' | 'refused' | 'failed';
  detail: string;
  diff?: string | null;
}

/** Most entries shown; the audit page has the rest. */
const SHOWN = 100;

export function AuditTab({ name }: { name: string }) {
  const { t } = useTranslation('task');
  const audit = useQuery({
    queryKey: [...keys.audit, 'task', name],
    queryFn: () => pending<{ entries: Entry[] }>('GET', '/audit', { query: { task: name, limit: SHOWN } }),
  });
  if (audit.error) return <ProblemNotice problem={audit.error} />;
  if (!audit.data) return null;
  if (audit.data.entries.length === 0) return <EmptyState title={t('audit.none')} />;
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
            {audit.data.entries.map((entry) => (
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
    </Panel>
  );
}
