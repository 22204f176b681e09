// All tasks: filtered, sorted and paged by the Server; what is shown is in the address.
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconDownload, IconListSearch, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePoll } from '../../api/contact';
import { useMay } from '../../api/session';
import { tasksQuery, type TaskPage } from '../../api/tasks';
import { EmptyState } from '../../kit/EmptyState';
import { PageHeader } from '../../kit/PageHeader';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { PageLoads } from '../../app/NotFound';
import { BulkBar } from './BulkBar';
import { tasksCsv } from './csv';
import { Filters } from './Filters';
import type { TasksSearch } from './search';
import { TaskTable } from './TaskTable';

export function TasksPage() {
  const { t } = useTranslation('tasks');
  const search = useSearch({ from: '/shell/tasks' });
  const navigate = useNavigate({ from: '/tasks' });
  const mayChange = useMay('operator');
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const tasks = useQuery({ ...tasksQuery(search), refetchInterval: usePoll() });
  const go = (next: TasksSearch) => {
    setSelected(new Set());
    void navigate({ search: next, replace: next.after === search.after });
  };
  const page = tasks.data;
  const chosen = page?.tasks.filter((task) => selected.has(task.name)).map((task) => task.name) ?? [];
  return (
    <>
      <PageHeader title={t('title')}>
        {page && page.tasks.length > 0 ? <CsvButton page={page} /> : null}
        {mayChange && (
          <Button component={Link} to="/tasks/new" leftSection={<IconPlus size={15} aria-hidden />}>
            {t('new')}
          </Button>
        )}
      </PageHeader>
      <Stack gap="sm">
        <Filters search={search} counts={page?.counts} onChange={go} />
        <ProblemNotice problem={tasks.error} />
        {mayChange && chosen.length > 0 && <BulkBar names={chosen} onDone={() => setSelected(new Set())} />}
        {page === undefined ? (
          tasks.isPending && <PageLoads />
        ) : (
          <>
            <Unreadable page={page} />
            {page.tasks.length === 0 ? (
              <Nothing filtered={Object.keys(search).length > 0} />
            ) : (
              <TaskTable
                tasks={page.tasks}
                sort={search.sort ?? 'name'}
                onSort={(sort) => go(withoutPage({ ...search, sort }))}
                selected={selected}
                onSelect={mayChange ? setSelected : undefined}
              />
            )}
            <Pages page={page} search={search} onChange={go} />
          </>
        )}
      </Stack>
    </>
  );
}

function withoutPage({ after: _, ...rest }: TasksSearch): TasksSearch {
  return rest;
}

function Nothing({ filtered }: { filtered: boolean }) {
  const { t } = useTranslation('tasks');
  return (
    <div className="panel">
      {filtered ? (
        <EmptyState icon={IconListSearch} title={t('none.filtered')} text={t('none.filteredText')} />
      ) : (
        <EmptyState icon={IconListSearch} title={t('none.title')} text={t('none.text')} />
      )}
    </div>
  );
}

/** Tasks whose nodes can't be read are named, not left out. */
function Unreadable({ page }: { page: TaskPage }) {
  const { t } = useTranslation('tasks');
  const unreadable = page.unreadable ?? [];
  if (unreadable.length === 0) return null;
  return (
    <Stack gap={2} className="panel tone-bad" p="sm" role="alert">
      {unreadable.map((task) => (
        <Text key={task.name} size="sm">
          <strong>{task.name}</strong>: {t('unreadable', { reason: task.reason })}
        </Text>
      ))}
    </Stack>
  );
}

function CsvButton({ page }: { page: TaskPage }) {
  const { t } = useTranslation('tasks');
  const save = () => {
    const url = URL.createObjectURL(new Blob([tasksCsv(page.tasks)], { type: 'text/csv' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = 'tasks.csv';
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Button variant="default" onClick={save} leftSection={<IconDownload size={15} aria-hidden />}>
      {t('csv')}
    </Button>
  );
}

function Pages({
  page,
  search,
  onChange,
}: {
  page: TaskPage;
  search: TasksSearch;
  onChange: (next: TasksSearch) => void;
}) {
  const { t } = useTranslation('tasks');
  const { next } = page;
  return (
    <Group justify="space-between">
      <Text size="sm" className="soft" role="status">
        {page.total === undefined ? null : t('shown', { count: page.total, shown: page.tasks.length })}
      </Text>
      <Group gap="xs">
        {search.after !== undefined && (
          <Button variant="default" onClick={() => onChange(withoutPage(search))}>
            {t('first')}
          </Button>
        )}
        {next !== undefined && next !== null && (
          <Button variant="default" onClick={() => onChange({ ...search, after: next })}>
            {t('next')}
          </Button>
        )}
      </Group>
    </Group>
  );
}
