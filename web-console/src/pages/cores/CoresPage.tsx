// Groups, the Cores that are alive in them, and their tasks.
import { Group, Progress, Stack, Table, Text } from '@mantine/core';
import { IconCpu } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { PageLoads } from '../../app/NotFound';
import { usePoll } from '../../api/contact';
import { groupsQuery, type Core, type Group as CoreGroup } from '../../api/cores';
import { EmptyState } from '../../kit/EmptyState';
import { PageHeader } from '../../kit/PageHeader';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { TextLink } from '../../kit/TextLink';

/** More names than this are a link to the list. */
const TASKS_SHOWN = 30;

export function CoresPage() {
  const { t } = useTranslation('cores');
  const { data, error, isPending } = useQuery({ ...groupsQuery, refetchInterval: usePoll() });
  return (
    <>
      <PageHeader title={t('title')} text={t('about')} />
      <Stack gap="md">
        <ProblemNotice problem={error} />
        {isPending && <PageLoads />}
        {data?.groups.length === 0 && (
          <div className="panel">
            <EmptyState icon={IconCpu} title={t('none.title')} text={t('none.text')} />
          </div>
        )}
        {data?.groups.map((group) => (
          <GroupPanel key={group.group} group={group} />
        ))}
      </Stack>
    </>
  );
}

function GroupPanel({ group }: { group: CoreGroup }) {
  const { t } = useTranslation('cores');
  return (
    <Panel
      title={group.group}
      actions={
        <TextLink to="/tasks" search={{ group: group.group }} size="sm">
          {t('tasks', { count: group.tasks.length })}
        </TextLink>
      }
      flush
    >
      {group.cores.length === 0 ? (
        <Text size="sm" px="md" pb="sm" c="var(--bad-text)" fw={600} role="alert">
          {t('noCore')}
        </Text>
      ) : (
        <CoreTable group={group.group} cores={group.cores} />
      )}
      {group.tasks.length > 0 && (
        <Group gap="xs" px="md" py="sm">
          {group.tasks.slice(0, TASKS_SHOWN).map((name) => (
            <TextLink key={name} to="/tasks/$name" params={{ name }} size="sm" style={{ overflowWrap: 'anywhere' }}>
              {name}
            </TextLink>
          ))}
          {group.tasks.length > TASKS_SHOWN && (
            <span className="soft">{t('more', { count: group.tasks.length - TASKS_SHOWN })}</span>
          )}
        </Group>
      )}
    </Panel>
  );
}

function CoreTable({ group, cores }: { group: string; cores: readonly Core[] }) {
  const { t } = useTranslation('cores');
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={t('coresOf', { group })}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('column.core')}</Table.Th>
            <Table.Th>{t('column.host')}</Table.Th>
            <Table.Th>{t('column.load')}</Table.Th>
            <Table.Th visibleFrom="sm">{t('column.version')}</Table.Th>
            <Table.Th visibleFrom="md">{t('column.admin')}</Table.Th>
            <Table.Th>{t('column.since')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {cores.map((core) => (
            <Table.Tr key={core.core}>
              <Table.Td fw={600}>{core.core}</Table.Td>
              <Table.Td>{core.host}</Table.Td>
              <Table.Td>
                <Load core={core} />
              </Table.Td>
              <Table.Td visibleFrom="sm">{core.version}</Table.Td>
              <Table.Td visibleFrom="md">
                {core.admin ? <span className="mono">{core.admin}</span> : <span className="soft">–</span>}
              </Table.Td>
              <Table.Td>
                <TimeAgo at={core.since} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Load({ core }: { core: Core }) {
  const { t } = useTranslation('cores');
  const share = core.capacity > 0 ? (100 * core.load) / core.capacity : 100;
  return (
    <Group gap={8} wrap="nowrap" style={{ whiteSpace: 'nowrap' }}>
      <Progress
        value={share}
        size="sm"
        w={60}
        visibleFrom="sm"
        color={share >= 90 ? 'orange.8' : 'sea.7'}
        aria-label={t('load', { load: core.load, capacity: core.capacity })}
      />
      <span>
        {core.load} / {core.capacity}
      </span>
    </Group>
  );
}
