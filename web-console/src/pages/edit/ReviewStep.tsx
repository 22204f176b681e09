// What will be stored: the TOML, what it changes, and the orders to store it.
import { Button, Code, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { asProblem } from '../../api/problem';
import { convertSpec, createTask, readTask, readToml, updateTask } from '../../api/specs';
import { CopyButton } from '../../kit/CopyButton';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { DiffView } from '../task/DiffView';
import { unifiedDiff } from '../task/diff';
import { redacted } from './spec';
import type { Edited } from './SpecEditor';
import { StaleNotice } from './StaleNotice';
import type { SpecEditorState } from './useSpecEditor';

type Order = { kind: 'create'; desired: 'stopped' | 'running' } | { kind: 'update'; version: number };

export function ReviewStep({ editor, edited }: { editor: SpecEditorState; edited: Edited | undefined }) {
  const { t } = useTranslation('edit');
  const [reason, setReason] = useState('');
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { spec } = editor;
  const shown = redacted(spec);
  const converted = useQuery({
    queryKey: ['convert', shown],
    queryFn: () => convertSpec({ spec: shown }),
    retry: false,
  });
  const before = useQuery({
    queryKey: [...keys.task(edited?.name ?? ''), 'toml', edited?.version],
    queryFn: () => readToml(edited?.name ?? ''),
    enabled: edited !== undefined,
  });
  const save = useMutation({
    mutationFn: (order: Order) =>
      order.kind === 'create' ? createTask(spec, order.desired, reason) : updateTask(spec, order.version, reason),
    onSuccess: (task) => {
      editor.saved();
      void cache.invalidateQueries({ queryKey: keys.tasks });
      void cache.invalidateQueries({ queryKey: keys.task(task.spec.name) });
      return navigate({ to: '/tasks/$name', params: { name: task.spec.name }, search: {} });
    },
    onError: (error) => {
      editor.refuse(asProblem(error).errors);
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const toml = converted.data?.toml ?? '';
  const diff = before.data !== undefined && toml !== '' ? unifiedDiff(before.data, toml) : null;
  return (
    <Stack gap="sm">
      {converted.error && <ProblemNotice problem={converted.error} />}
      {edited && diff !== null && (
        <section aria-label={t('review.changes')}>
          <Text size="sm" fw={600} mb={4}>
            {t('review.changes_since', { version: edited.version })}
          </Text>
          {diff === '' ? <Text size="sm">{t('review.nothing')}</Text> : <DiffView diff={diff} />}
        </section>
      )}
      {toml !== '' && (
        <section aria-label="TOML">
          <Group justify="space-between">
            <Text size="sm" fw={600}>
              {t('review.toml')}
            </Text>
            <CopyButton text={toml} what="TOML" />
          </Group>
          <Code block tabIndex={0}>
            {toml}
          </Code>
        </section>
      )}
      <TextInput
        label={t('review.reason')}
        description={t('review.reason_about')}
        value={reason}
        onChange={({ currentTarget }) => {
          setReason(currentTarget.value);
        }}
      />
      {problem && problem.code === 'version_stale' && edited ? (
        <StaleNotice
          edited={edited}
          onTake={async () => {
            const task = await readTask(edited.name);
            editor.saved();
            cache.setQueryData([...keys.task(edited.name), 'spec'], task);
          }}
          onOverwrite={(version) => {
            save.mutate({ kind: 'update', version });
          }}
        />
      ) : (
        problem && <ProblemNotice problem={problem} />
      )}
      <Group>
        {edited ? (
          <Button
            loading={save.isPending}
            onClick={() => {
              save.mutate({ kind: 'update', version: edited.version });
            }}
          >
            {t('review.save')}
          </Button>
        ) : (
          <>
            <Button
              loading={save.isPending}
              onClick={() => {
                save.mutate({ kind: 'create', desired: 'running' });
              }}
            >
              {t('review.create_started')}
            </Button>
            <Button
              variant="default"
              loading={save.isPending}
              onClick={() => {
                save.mutate({ kind: 'create', desired: 'stopped' });
              }}
            >
              {t('review.create_stopped')}
            </Button>
          </>
        )}
      </Group>
    </Stack>
  );
}
