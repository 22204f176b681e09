// Alerts: what the Monitor says is wrong, and what people did about it.
import { queryOptions } from '@tanstack/react-query';
import { pending } from './client';
import { keys } from './keys';

import type { Severity } from '../kit/SeverityPill';
export type { Severity };

export interface AlertSubject {
  kind: 'task' | 'core' | 'coordination' | 'channel' | 'monitor';
  task?: string | null;
  group?: string | null;
  core?: string | null;
  channel?: string | null;
}

export interface Alert {
  id: string;
  rule: string;
  severity: Severity;
  state: 'pending' | 'firing' | 'resolved';
  subject: AlertSubject;
  value?: number | null;
  threshold?: number | null;
  unit?: string | null;
  since: string;
  seen_at?: string | null;
  resolved_at?: string | null;
  reason: string;
  hint: string;
  acknowledged?: { by: string; at: string; note: string } | null;
  silenced_by?: string[];
  notices?: number;
  group_key?: string | null;
}

/** How many fire now and nobody has taken them on. */
export const firingQuery = queryOptions({
  queryKey: [...keys.alerts, 'firing-count'],
  queryFn: async () => {
    const { alerts } = await pending<{ alerts: unknown[] }>('GET', '/alerts', { query: { state: 'firing' } });
    return alerts.length;
  },
});

export const alertsQuery = (task?: string) =>
  queryOptions({
    queryKey: [...keys.alerts, 'open', task ?? null],
    queryFn: () => pending<{ alerts: Alert[] }>('GET', '/alerts', { query: { task } }),
  });

/** Those of the last seven days that are over. */
export const resolvedQuery = (task?: string) =>
  queryOptions({
    queryKey: [...keys.alerts, 'resolved', task ?? null],
    queryFn: () => pending<{ alerts: Alert[] }>('GET', '/alerts/history', { query: { task } }),
  });

const at = (id: string) => `/alerts/${encodeURIComponent(id)}/acknowledge`;

export const acknowledge = (id: string, note: string) => pending<unknown>('POST', at(id), { body: { note } });

export const unacknowledge = (id: string) => pending<unknown>('DELETE', at(id));

export interface Matcher {
  rule?: string;
  task?: string;
  group?: string;
  core?: string;
  severity?: Severity;
}

export interface Silence {
  id: string;
  matcher: Matcher;
  from: string;
  until: string;
  by: string;
  reason: string;
  state: 'active' | 'pending' | 'over';
}

export const silencesQuery = queryOptions({
  queryKey: keys.silences,
  queryFn: () => pending<{ silences: Silence[] }>('GET', '/silences'),
});

export const silence = (body: { matcher: Matcher; reason: string; lasts?: string; until?: string }) =>
  pending<Silence>('POST', '/silences', { body });

export const endSilence = (id: string) => pending<unknown>('DELETE', `/silences/${encodeURIComponent(id)}`);
