// The versions of the spec: who changed it, when and why; two beside each other; and the way back.
import { Group, Radio, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { useMay } from '../../api/session';
import { diffVersions, rollBack } from '../../api/specs';
import { versionsQuery, type Version } from '../../api/task';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { DiffView } from './DiffView';

export function VersionsTab({ name, current }: { name: string; current: number }) {
  const { t } = useTranslation('task');
  // The current version is part of the key: a new one makes the list new.
  const list = useQuery(versionsQuery(name, current));
  const versions = list.data?.versions ?? [];
  const newest = versions[0]?.version ?? current;
  const [chosen, setChosen] = useState<{ from?: number; to?: number }>({});
  const from = chosen.from ?? versions[1]?.version ?? newest;
  const to = chosen.to ?? newest;
  return (
    <Stack gap="md">
      <ProblemNotice problem={list.error} />
      <Panel title={t('version.title')} flush>
        <div className="table-scroll" tabIndex={0} role="group" aria-label={t('version.title')}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                {(['from', 'to', 'version', 'at', 'by', 'reason'] as const).map((column) => (
                  <Table.Th key={column}>{t(`version.${column}`)}</Table.Th>
                ))}
                <Table.Th>
                  <span className="soft">{t('version.actions')}</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {versions.map((version) => (
                <Row
                  key={version.version}
                  name={name}
                  version={version}
                  current={current}
                  chosen={{ from, to }}
                  onChoose={(side) => setChosen({ from, to, [side]: version.version })}
                />
              ))}
            </Table.Tbody>
          </Table>
        </div>
        <Text size="sm" className="soft" p="md">
          {t('version.about')}
        </Text>
      </Panel>
      {versions.length > 1 && (
        <Panel title={t('version.between', { from, to })}>
          <Difference name={name} from={from} to={to} />
        </Panel>
      )}
    </Stack>
  );
}

interface RowProps {
  name: string;
  version: Version;
  current: number;
  chosen: { from: number; to: number };
  onChoose: (side: 'from' | 'to') => void;
}

function Row({ name, version, current, chosen, onChoose }: RowProps) {
  const { t } = useTranslation('task');
  const mayOperate = useMay('operator');
  return (
    <Table.Tr>
      {(['from', 'to'] as const).map((side) => (
        <Table.Td key={side} w={50}>
          <Radio
            name={`diff-${side}`}
            size="xs"
            aria-label={t(`version.as_${side}`, { version: version.version })}
            checked={chosen[side] === version.version}
            onChange={() => onChoose(side)}
          />
        </Table.Td>
      ))}
      <Table.Td>
        {version.version}
        {version.version === current && <span className="soft"> {t('version.current')}</span>}
      </Table.Td>
      <Table.Td>
        <TimeAgo at={version.at} />
      </Table.Td>
      <Table.Td>{version.by}</Table.Td>
      <Table.Td>{version.reason}</Table.Td>
      <Table.Td>
        {mayOperate && version.version !== current && (
          <RollBack name={name} version={version.version} current={current} />
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Difference({ name, from, to }: { name: string; from: number; to: number }) {
  const { t } = useTranslation('task');
  const diff = useQuery({
    queryKey: [...keys.task(name), 'diff', from, to],
    queryFn: () => diffVersions(name, from, to),
    enabled: from !== to,
    staleTime: Infinity,
  });
  return (
    <>
      <ProblemNotice problem={diff.error} />
      {from === to && <Text size="sm">{t('version.choose')}</Text>}
      {from !== to && diff.data && <DiffView diff={diff.data.diff} secrets={diff.data.secrets_changed} />}
    </>
  );
}

function RollBack({ name, version, current }: { name: string; version: number; current: number }) {
  const { t } = useTranslation('task');
  const cache = useQueryClient();
  const [reason, setReason] = useState('');
  return (
    <ConfirmAction
      label={t('version.roll_back')}
      title={t('version.roll_back_title', { version })}
      act={async () => {
        await rollBack(name, current, version, reason);
        await cache.invalidateQueries({ queryKey: keys.task(name) });
      }}
    >
      <Stack gap="sm">
        <Text size="sm">{t('version.roll_back_about')}</Text>
        <Difference name={name} from={current} to={version} />
        <Group>
          <TextInput
            label={t('version.reason')}
            flex={1}
            value={reason}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </Group>
      </Stack>
    </ConfirmAction>
  );
}
