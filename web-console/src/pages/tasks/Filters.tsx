// What narrows the list of tasks: words in the name, a group, a state with how many there are.
import { Group, Select, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { groupsQuery } from '../../api/cores';
import type { TaskState } from '../../api/tasks';
import { STATES } from '../../kit/states';
import classes from './tasks.module.css';
import type { TasksSearch } from './search';

const TYPING_MS = 250;

interface Props {
  search: TasksSearch;
  counts: Partial<Record<TaskState, number>> | undefined;
  onChange: (next: TasksSearch) => void;
}

/** `search` with one thing else, from its first page on. */
function narrowed(search: TasksSearch, key: 'search' | 'group' | 'state', value: string | null): TasksSearch {
  const { after: _, [key]: __, ...rest } = search;
  return value === null || value === '' ? rest : ({ ...rest, [key]: value } as TasksSearch);
}

export function Filters({ search, counts, onChange }: Props) {
  const { t } = useTranslation('tasks');
  const { data: groups } = useQuery({ ...groupsQuery, staleTime: 10_000 });
  const [words, setWords] = useState(search.search ?? '');
  const typed = useDebouncedCallback((value: string) => onChange(narrowed(search, 'search', value.trim())), TYPING_MS);
  return (
    <Group gap="sm" align="center">
      <TextInput
        type="search"
        data-search
        aria-label={t('search')}
        placeholder={t('searchHint')}
        leftSection={<IconSearch size={15} aria-hidden />}
        value={words}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          typed(event.currentTarget.value);
        }}
        w={{ base: '100%', xs: 230 }}
      />
      <Select
        aria-label={t('group')}
        placeholder={t('allGroups')}
        data={groups?.groups.map((group) => group.group) ?? []}
        value={search.group ?? null}
        onChange={(group) => onChange(narrowed(search, 'group', group))}
        clearable
        clearButtonProps={{ 'aria-label': t('allGroups') }}
        w={{ base: '100%', xs: 170 }}
      />
      <States state={search.state} counts={counts} onChange={(state) => onChange(narrowed(search, 'state', state))} />
    </Group>
  );
}

interface StatesProps {
  state: TaskState | undefined;
  counts: Props['counts'];
  onChange: (state: TaskState | null) => void;
}

function States({ state, counts, onChange }: StatesProps) {
  const { t } = useTranslation(['tasks', 'words']);
  const shown = counts ? STATES.filter((one) => (counts[one] ?? 0) > 0 || one === state) : STATES;
  const all = counts ? Object.values(counts).reduce((sum, count) => sum + count, 0) : null;
  const chip = (one: TaskState | null, label: string, count: number | null) => (
    <UnstyledButton
      key={one ?? 'all'}
      className={classes['chip'] ?? ''}
      aria-pressed={(state ?? null) === one}
      onClick={() => onChange(one)}
    >
      {label}
      {count === null ? null : <span className={classes['count']}>{count}</span>}
    </UnstyledButton>
  );
  return (
    <Group gap={6} role="group" aria-label={t('states')}>
      {chip(null, t('allStates'), all)}
      {shown.map((one) => chip(one, t(`words:state.${one}`), counts ? (counts[one] ?? 0) : null))}
    </Group>
  );
}
