// Rewinding: where to, what that would mean, and only then the order, typed.
import { Button, Group, List, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '../../kit/Notice';
import { previewRewind, rewind, type Rewind, type RewindTo as Start, type Status } from '../../api/task';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { formatBytes, formatCount } from '../../kit/format';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { LATEST, startOf, type StartKind } from '../edit/start';
import { StartPicker } from '../edit/StartPicker';
import { useOrdered } from './OrderBar';

const KINDS: readonly StartKind[] = ['earliest', 'latest', 'gtid', 'position', 'time'];

export function RewindPanel({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const [fields, setFields] = useState({ ...LATEST, kind: 'gtid' as StartKind });
  const to = startOf(fields);
  const preview = useMutation({ mutationFn: (start: Start) => previewRewind(status.name, start) });
  const seen = preview.data && JSON.stringify(preview.variables) === JSON.stringify(to) ? preview.data : null;
  return (
    <Panel title={t('rewind.title')}>
      <Stack gap="sm">
        <Text size="sm" className="soft">
          {t('rewind.about')}
        </Text>
        <StartPicker label={t('rewind.to')} kinds={KINDS} fields={fields} onChange={setFields} />
        <Group>
          <Button
            variant="default"
            disabled={to === null}
            loading={preview.isPending}
            onClick={() => {
              if (to !== null) preview.mutate(to);
            }}
          >
            {t('rewind.preview')}
          </Button>
          {seen && to !== null && <RewindButton status={status} to={to} seen={seen} />}
        </Group>
        <ProblemNotice problem={preview.error} />
        {seen && <Preview seen={seen} />}
      </Stack>
    </Panel>
  );
}

function Preview({ seen }: { seen: Rewind }) {
  const { t, i18n } = useTranslation('task');
  const place = (position: Rewind['from']) =>
    position ? `${position.file}:${position.offset}` : t('position.unknown');
  return (
    <div role="status">
      <Text size="sm">
        <span className="mono">{place(seen.from)}</span> → <span className="mono">{place(seen.to)}</span>
      </Text>
      <Text size="sm" fw={600}>
        {seen.direction && t(`rewind.${seen.direction}`)}
        {seen.direction !== 'same' &&
          ` ${
            (seen.transactions ?? null) === null
              ? t('rewind.transactions_unknown')
              : t('rewind.transactions', { transactions: formatCount(seen.transactions ?? 0, i18n.language) })
          }`}
        {typeof seen.bytes === 'number' && `, ${formatBytes(seen.bytes)}`}
      </Text>
      <Text size="sm">{seen.explanation}</Text>
      {seen.warnings.length > 0 && (
        <Notice tone="warn" title={t('rewind.warnings')}>
          <List size="sm">
            {seen.warnings.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        </Notice>
      )}
    </div>
  );
}

function RewindButton({ status, to, seen }: { status: Status; to: Start; seen: Rewind }) {
  const { t } = useTranslation('task');
  const ordered = useOrdered(status.name);
  return (
    <ConfirmAction
      label={t('rewind.do')}
      title={t('rewind.confirm', { name: status.name })}
      dangerous
      typed={status.name}
      act={async () => {
        ordered(await rewind(status.name, to));
      }}
    >
      <Preview seen={seen} />
    </ConfirmAction>
  );
}
