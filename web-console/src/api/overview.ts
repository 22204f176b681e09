// What the first page shows.
import { queryOptions } from '@tanstack/react-query';
import type { AuditEntry } from './audit';
import { pending } from './client';
import { keys } from './keys';
import type { TaskRow, TaskState } from './tasks';

/** Something that somebody has to look at. */
export interface Attention {
  kind: string;
  subject: string;
  since: string | null;
  text: string;
  link: string;
}

export interface Overview {
  tasks: { by_state: Partial<Record<TaskState, number>>; worst_lag: TaskRow[] };
  attention: Attention[];
  alerts: { firing: number; acknowledged: number; silenced: number };
  cores: { alive: number; groups: number };
  servers: number;
  monitors: { alive: number; leader: string | null; last_evaluation_age_seconds: number | null };
  changes: AuditEntry[];
}

export const overviewQuery = queryOptions({
  queryKey: keys.overview,
  queryFn: () => pending<Overview>('GET', '/overview'),
});
