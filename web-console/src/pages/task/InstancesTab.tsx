// The Cores that registered for the task, in the order in which they take over.
import { Table, Text } from '@mantine/core';
import { IconPlayerPlay, IconShield } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Status } from '../../api/task';
import { EmptyState } from '../../kit/EmptyState';
import { Panel } from '../../kit/Panel';
import { Pill } from '../../kit/Pill';
import { TimeAgo } from '../../kit/TimeAgo';

export function InstancesTab({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const { instances, instances_wanted: wanted } = status;
  if (instances.length === 0)
    return <EmptyState title={t('instance.none')} text={t('instance.none_about', { group: status.group })} />;
  const acknowledged = new Map(status.acknowledged?.map(({ core, version }) => [core, version]));
  return (
    <Panel title={t('instance.title', { now: instances.length, wanted })} flush>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={t('tab.instances')}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {(['order', 'role', 'core', 'host', 'stage', 'epoch', 'since', 'version'] as const).map((column) => (
                <Table.Th key={column}>{t(`instance.${column}`)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {instances.map((instance, at) => {
              const version = acknowledged.get(instance.core) ?? instance.spec_version;
              const behind = version !== null && version !== undefined && version < status.version;
              return (
                <Table.Tr key={instance.node}>
                  <Table.Td>{at + 1}</Table.Td>
                  <Table.Td>
                    <Pill
                      tone={instance.role === 'RUNNING' ? 'good' : 'calm'}
                      icon={instance.role === 'RUNNING' ? IconPlayerPlay : IconShield}
                    >
                      {instance.role}
                    </Pill>
                  </Table.Td>
                  <Table.Td className="mono">{instance.core}</Table.Td>
                  <Table.Td className="mono">{instance.host}</Table.Td>
                  <Table.Td>{t(`stage.${instance.stage}`)}</Table.Td>
                  <Table.Td>{instance.role === 'RUNNING' ? instance.epoch : '–'}</Table.Td>
                  <Table.Td>
                    <TimeAgo at={instance.since} />
                  </Table.Td>
                  <Table.Td>
                    {version ?? '–'}
                    {behind && (
                      <Text span size="xs" style={{ color: 'var(--warn-text)' }}>
                        {' '}
                        {t('instance.behind', { version: status.version })}
                      </Text>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </div>
    </Panel>
  );
}
