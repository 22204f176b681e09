// The tasks that are furthest behind.
import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { TaskRow } from '../../api/tasks';
import { LagText } from '../../kit/LagText';
import { Sparkline } from '../../kit/Sparkline';
import { StatePill } from '../../kit/StatePill';
import { TextLink } from '../../kit/TextLink';

export function WorstLag({ tasks }: { tasks: readonly TaskRow[] }) {
  const { t } = useTranslation('overview');
  if (tasks.length === 0) {
    return (
      <Text size="sm" p="md" pt={0} className="soft">
        {t('lag.none')}
      </Text>
    );
  }
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label={t('lag.title')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('lag.task')}</Table.Th>
            <Table.Th>{t('lag.state')}</Table.Th>
            <Table.Th>{t('lag.lag')}</Table.Th>
            <Table.Th visibleFrom="sm">
              <span className="soft">{t('lag.history')}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tasks.map((task) => (
            <Table.Tr key={task.name}>
              <Table.Td>
                <TextLink to="/tasks/$name" params={{ name: task.name }} fw={600}>
                  {task.name}
                </TextLink>
              </Table.Td>
              <Table.Td>
                <StatePill state={task.state} desired={task.desired.state} />
              </Table.Td>
              <Table.Td>
                <LagText seconds={task.lag_seconds} />
              </Table.Td>
              <Table.Td visibleFrom="sm">
                {task.lag_history?.some((value) => value !== null) ? (
                  <Sparkline values={task.lag_history} label={t('lag.history')} />
                ) : null}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
