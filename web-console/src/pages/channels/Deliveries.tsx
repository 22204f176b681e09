// The last attempts of a channel, newest first.
import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deliveriesQuery } from '../../api/channels';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';

export function Deliveries({ name }: { name: string }) {
  const { t } = useTranslation('channels');
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('deliveries')}</summary>
      {open && <DeliveryTable name={name} />}
    </details>
  );
}

function DeliveryTable({ name }: { name: string }) {
  const { t } = useTranslation('channels');
  const list = useQuery(deliveriesQuery(name));
  if (list.error) return <ProblemNotice problem={list.error} />;
  if (!list.data) return null;
  if (list.data.deliveries.length === 0) return <p className="soft">{t('no_deliveries')}</p>;
  const newestFirst = [...list.data.deliveries].sort(
    (one, other) => Date.parse(other.at ?? '') - Date.parse(one.at ?? ''),
  );
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label={t('deliveries')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {(['at', 'result', 'subject', 'detail', 'took'] as const).map((column) => (
              <Table.Th key={column}>{t(`column.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {newestFirst.map((delivery) => (
            <Table.Tr key={`${delivery.at} ${delivery.attempt}`}>
              <Table.Td>
                <TimeAgo at={delivery.at} />
              </Table.Td>
              <Table.Td>
                <span className={`pill tone-${delivery.delivered ? 'good' : 'bad'}`}>
                  {delivery.delivered ? t('delivered') : t('not_delivered')}
                </span>
                {delivery.attempt > 1 && <span className="soft"> {t('attempt', { n: delivery.attempt })}</span>}
              </Table.Td>
              <Table.Td>{delivery.subject}</Table.Td>
              <Table.Td>{delivery.detail}</Table.Td>
              <Table.Td>{delivery.took_ms} ms</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
