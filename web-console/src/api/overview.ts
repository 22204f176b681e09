// What the first page shows.
import { queryOptions } from '@tanstack/react-query';
import { pending } from './client';
import { keys } from './keys';
import type { TaskRow, TaskState } from './tasks';

/** The worst first. */
export const ATTENTION = [
  'monitor_missing',
  'task_failed',
  'task_not_running',
  'task_unreadable',
  'alert_firing',
  'task_retrying',
] as const;

/** Something that somebody has to look at. */
export interface Attention {
  kind: (typeof ATTENTION)[number];
  /** Empty where it is about everything. */
  subject: string;
  since: string | null;
  text: string;
  link: string;
}

export interface Overview {
  tasks: { total: number; by_state: Partial<Record<TaskState, number>>; worst_lag: TaskRow[] };
  attention: Attention[];
  alerts: { firing: number; acknowledged: number; silenced: number };
  cores: { alive: number; groups: number };
  servers: number;
  monitors: { alive: number; leader: string | null; last_evaluation_age_seconds: number | null };
}

export const overviewQuery = queryOptions({
  queryKey: keys.overview,
  queryFn: () => pending<Overview>('GET', '/overview'),
});
