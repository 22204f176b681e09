// The Server's events, laid into the Query cache. Where the stream is away, queries poll (`usePoll`).
import type { QueryClient } from '@tanstack/react-query';
import { eventsAre, heard, judge } from './contact';
import { keys } from './keys';
import type { components } from './schema';

type TaskSummary = components['schemas']['TaskSummary'];
type TaskList = components['schemas']['TaskList'];

/** Lists whose order or counts may have changed are read again at most this often. */
const REREAD_MS = 1_500;
const JUDGE_MS = 2_000;

/** A page of the list with `task` in its place; the same object if it is not on it. */
export function withTask(list: TaskList, task: TaskSummary): TaskList {
  if (!list.tasks.some((one) => one.name === task.name)) return list;
  return { ...list, tasks: list.tasks.map((one) => (one.name === task.name ? { ...one, ...task } : one)) };
}

/** Follows the Server's events until the answer is called. */
export function follow(cache: QueryClient): () => void {
  const due = new Set<string>();
  let ready = false;
  const source = new EventSource('/api/v1/events?topics=tasks,alerts,cores');
  const reread = (key: readonly string[]) => due.add(key[0] ?? '');

  const on = (event: string, act: (data: unknown) => void) =>
    source.addEventListener(event, (message: MessageEvent<string>) => {
      heard();
      act(JSON.parse(message.data === '' ? 'null' : message.data));
    });
  on('ready', () => {
    ready = true;
    eventsAre(true);
    // What changed while nobody listened.
    for (const key of [keys.tasks, keys.alerts, keys.cores, keys.overview])
      void cache.invalidateQueries({ queryKey: key });
  });
  on('task', (data) => {
    const task = data as TaskSummary;
    cache.setQueriesData<TaskList>({ queryKey: keys.tasks }, (list) => list && withTask(list, task));
    cache.setQueryData<TaskSummary>(['task-summary', task.name], task);
    if (ready) reread(keys.tasks);
    if (ready) reread(keys.overview);
  });
  on('task_gone', () => reread(keys.tasks));
  on('alert', () => ready && reread(keys.alerts));
  on('alert_gone', () => reread(keys.alerts));
  on('core', () => ready && reread(keys.cores));
  on('core_gone', () => reread(keys.cores));
  source.onerror = () => {
    // The browser tries again by itself unless the Server refused: then polls go on.
    ready = false;
    eventsAre(false);
  };

  const rereading = setInterval(() => {
    for (const key of due) void cache.invalidateQueries({ queryKey: [key] });
    due.clear();
  }, REREAD_MS);
  const judging = setInterval(() => judge(), JUDGE_MS);
  return () => {
    source.close();
    eventsAre(false);
    clearInterval(rereading);
    clearInterval(judging);
  };
}
