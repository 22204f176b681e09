// The list of tasks as a file for spreadsheets.
import type { TaskRow } from '../../api/tasks';
import { csvCell } from '../../kit/format';

const COLUMNS: [string, (task: TaskRow) => string | number | null | undefined][] = [
  ['name', (task) => task.name],
  ['group', (task) => task.group],
  ['state', (task) => task.state],
  ['desired', (task) => task.desired.state],
  ['source', (task) => `${task.source.kind} ${task.source.address}`],
  ['target', (task) => `${task.target.kind} ${task.target.address}`],
  ['running_on', (task) => task.running_on],
  ['standbys', (task) => task.standbys],
  ['lag_seconds', (task) => task.lag_seconds],
  ['rows_per_second', (task) => task.rows_per_second],
  ['explanation', (task) => task.explanation?.reason],
];

export function tasksCsv(tasks: readonly TaskRow[]): string {
  const lines = [
    COLUMNS.map(([name]) => name),
    ...tasks.map((task) => COLUMNS.map(([, value]) => csvCell(value(task)))),
  ];
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}
