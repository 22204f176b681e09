// What people changed last.
import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useQuery } from '@tanstack/react-query';
import { changesQuery } from '../../api/audit';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { OutcomePill } from '../audit/OutcomePill';
import { TextLink } from '../../kit/TextLink';

/** Audit has no events: what others did appears after this. */
const REREAD_MS = 15_000;

/** Only for those who may read the audit. */
export function Changes() {
  const { t } = useTranslation('overview');
  const { data, error } = useQuery({ ...changesQuery, refetchInterval: REREAD_MS });
  const changes = data?.entries ?? [];
  return (
    <>
      <ProblemNotice problem={error} />
      {changes.length === 0 ? (
        <Text size="sm" px="md" pb="md" className="soft">
          {t('changes.none')}
        </Text>
      ) : (
        <div className="table-scroll" tabIndex={0} role="group" aria-label={t('changes.title')}>
          <Table>
            <Table.Tbody>
              {changes.map((entry) => (
                <Table.Tr key={entry.id}>
                  <Table.Td className="soft" style={{ whiteSpace: 'nowrap' }}>
                    <TimeAgo at={entry.at} />
                  </Table.Td>
                  <Table.Td>{entry.user ?? '–'}</Table.Td>
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
      <Text size="sm" px="md" pb="sm" pt={4}>
        <TextLink to="/audit">{t('changes.all')}</TextLink>
      </Text>
    </>
  );
}
