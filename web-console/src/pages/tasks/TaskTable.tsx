// The table of tasks.
import { Badge, Checkbox, Table, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconSelector } from '@tabler/icons-react';
import { flexRender, getCoreRowModel, useReactTable, type ColumnDef } from '@tanstack/react-table';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TaskRow } from '../../api/tasks';
import { formatAmount } from '../../kit/format';
import { LagText } from '../../kit/LagText';
import { Sparkline } from '../../kit/Sparkline';
import { StatePill } from '../../kit/StatePill';
import type { TasksSearch } from './search';
import classes from './tasks.module.css';
import { TextLink } from '../../kit/TextLink';

type Sort = NonNullable<TasksSearch['sort']>;

interface Props {
  tasks: TaskRow[];
  sort: Sort;
  onSort: (sort: Sort) => void;
  selected: ReadonlySet<string>;
  /** Absent for those who may not change anything. */
  onSelect: ((selected: ReadonlySet<string>) => void) | undefined;
}

/** Columns that narrow screens do without. */
const WIDE: Record<string, string> = { ends: 'sm', running: 'md', rows: 'md' };

function useColumns(): ColumnDef<TaskRow>[] {
  const { t } = useTranslation('tasks');
  return useMemo(
    () => [
      { id: 'name', header: t('column.name'), cell: ({ row }) => <Name task={row.original} /> },
      {
        id: 'state',
        header: t('column.state'),
        cell: ({ row }) => <StatePill state={row.original.state} desired={row.original.desired.state} />,
      },
      { id: 'ends', header: t('column.ends'), cell: ({ row }) => <Ends task={row.original} /> },
      { id: 'running', header: t('column.running'), cell: ({ row }) => <RunningOn task={row.original} /> },
      { id: 'lag', header: t('column.lag'), cell: ({ row }) => <Lag task={row.original} /> },
      {
        id: 'rows',
        header: t('column.rows'),
        cell: ({ row }) => {
          const rows = row.original.rows_per_second;
          return rows === undefined || rows === null ? <span className="soft">–</span> : formatAmount(rows);
        },
      },
    ],
    [t],
  );
}

export function TaskTable({ tasks, sort, onSort, selected, onSelect }: Props) {
  const { t } = useTranslation('tasks');
  const columns = useColumns();
  const table = useReactTable({
    data: tasks,
    columns,
    getCoreRowModel: getCoreRowModel(),
    getRowId: (task) => task.name,
  });
  const all = tasks.every((task) => selected.has(task.name));
  const toggle = (name: string) => {
    const next = new Set(selected);
    if (!next.delete(name)) next.add(name);
    onSelect?.(next);
  };
  return (
    <div className="panel table-scroll" tabIndex={0} role="region" aria-label={t('title')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {onSelect && (
              <Table.Th w={36}>
                <Checkbox
                  size="xs"
                  aria-label={t('selectAll')}
                  checked={all}
                  indeterminate={!all && selected.size > 0}
                  onChange={() => onSelect(new Set(all ? [] : tasks.map((task) => task.name)))}
                />
              </Table.Th>
            )}
            {table.getFlatHeaders().map((header) => (
              <Table.Th
                key={header.id}
                {...visibility(header.id)}
                aria-sort={header.id === sort ? (sort === 'name' ? 'ascending' : 'descending') : undefined}
              >
                <Heading id={header.id} sort={sort} onSort={onSort}>
                  {flexRender(header.column.columnDef.header, header.getContext())}
                </Heading>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {table.getRowModel().rows.map((row) => (
            <Table.Tr key={row.id} data-selected={selected.has(row.id) || undefined}>
              {onSelect && (
                <Table.Td>
                  <Checkbox
                    size="xs"
                    aria-label={t('select', { name: row.id })}
                    checked={selected.has(row.id)}
                    onChange={() => toggle(row.id)}
                  />
                </Table.Td>
              )}
              {row.getVisibleCells().map((cell) => (
                <Table.Td key={cell.id} {...visibility(cell.column.id)}>
                  {flexRender(cell.column.columnDef.cell, cell.getContext())}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

const visibility = (column: string) => (WIDE[column] === undefined ? {} : { visibleFrom: WIDE[column] });

function Heading({ id, sort, onSort, children }: { id: string; children: ReactNode } & Pick<Props, 'sort' | 'onSort'>) {
  if (id !== 'name' && id !== 'state' && id !== 'lag') return children;
  const Icon = id === sort ? IconArrowDown : IconSelector;
  return (
    <UnstyledButton className={classes['sort'] ?? ''} fz="inherit" onClick={() => onSort(id)}>
      {children}
      <Icon size={13} aria-hidden />
    </UnstyledButton>
  );
}

function Name({ task }: { task: TaskRow }) {
  const { t } = useTranslation('tasks');
  return (
    <>
      <TextLink to="/tasks/$name" params={{ name: task.name }} className={classes['name'] ?? ''}>
        {task.name}
      </TextLink>
      {task.alerts !== undefined && task.alerts > 0 && (
        <Badge ml={6} size="sm" variant="transparent" className="tone-bad">
          {t('alerts', { count: task.alerts })}
        </Badge>
      )}
    </>
  );
}

function Ends({ task }: { task: TaskRow }) {
  return (
    <span className={classes['ends']}>
      <span>
        <span className="soft">{task.source.kind} </span>
        <span className="mono">{task.source.address}</span>
      </span>
      <span>
        <span className="soft">→ {task.target.kind} </span>
        <span className="mono">{task.target.address}</span>
      </span>
    </span>
  );
}

function RunningOn({ task }: { task: TaskRow }) {
  const { t } = useTranslation('tasks');
  return (
    <span className={classes['ends']}>
      <span>
        {task.running_on ?? <span className="soft">–</span>} <span className="soft">{task.group}</span>
      </span>
      <span className="soft">{t('standbys', { count: task.standbys })}</span>
    </span>
  );
}

function Lag({ task }: { task: TaskRow }) {
  const { t } = useTranslation('tasks');
  const known = task.lag_history?.filter((value) => value !== null) ?? [];
  return (
    <span className={classes['lag']}>
      <LagText seconds={task.lag_seconds} />
      {known.length > 1 && task.lag_history ? (
        <Sparkline values={task.lag_history} label={t('sparkline', { most: Math.round(Math.max(...known)) })} />
      ) : null}
    </span>
  );
}
