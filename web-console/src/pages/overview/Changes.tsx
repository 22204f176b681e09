// What people changed last.
import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '../../api/audit';
import { useMay } from '../../api/session';
import { TimeAgo } from '../../kit/TimeAgo';
import { OutcomePill } from '../audit/OutcomePill';
import { TextLink } from '../../kit/TextLink';

export function Changes({ changes }: { changes: readonly AuditEntry[] }) {
  const { t } = useTranslation('overview');
  const mayRead = useMay('operator');
  return (
    <>
      {changes.length === 0 ? (
        <Text size="sm" px="md" pb="md" className="soft">
          {mayRead ? t('changes.none') : t('changes.hidden')}
        </Text>
      ) : (
        <div className="table-scroll" tabIndex={0} role="region" aria-label={t('changes.title')}>
          <Table>
            <Table.Tbody>
              {changes.map((entry) => (
                <Table.Tr key={entry.id}>
                  <Table.Td className="soft" style={{ whiteSpace: 'nowrap' }}>
                    <TimeAgo at={entry.at} />
                  </Table.Td>
                  <Table.Td>{entry.user}</Table.Td>
                  <Table.Td>
                    <span className="mono">{entry.action}</span> {entry.subject}
                  </Table.Td>
                  <Table.Td>
                    <OutcomePill outcome={entry.outcome} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {mayRead && (
        <Text size="sm" px="md" pb="sm" pt={4}>
          <TextLink to="/audit">{t('changes.all')}</TextLink>
        </Text>
      )}
    </>
  );
}
