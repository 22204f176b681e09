// Alerts: what the Monitor says is wrong, and what people did about it.
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import { keys } from './keys';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Severity = Schemas['SeverityWord'];
export type AlertSubject = Schemas['SubjectView'];

type Open = Schemas['AlertView'];
/** One that is open, or one of the last days, of which less is kept. */
export type Alert = Omit<Open, 'group_key' | 'notices' | 'silenced_by'> &
  Partial<Pick<Open, 'notices' | 'silenced_by'>> & { resolved_at?: string | null };

/** How many fire now and nobody has taken them on. */
export const firingQuery = queryOptions({
  queryKey: [...keys.alerts, 'firing-count'],
  queryFn: async () => {
    const { alerts } = await answer(api.GET('/api/v1/alerts', { params: { query: { state: 'firing' } } }));
    return alerts.length;
  },
});

const ofTask = (task: string | undefined) => (task === undefined ? {} : { task });

export const alertsQuery = (task?: string) =>
  queryOptions({
    queryKey: [...keys.alerts, 'open', task ?? null],
    queryFn: () => answer(api.GET('/api/v1/alerts', { params: { query: ofTask(task) } })),
  });

/** Those of the last seven days that are over. */
export const resolvedQuery = (task?: string) =>
  queryOptions({
    queryKey: [...keys.alerts, 'resolved', task ?? null],
    queryFn: () => answer(api.GET('/api/v1/alerts/history', { params: { query: ofTask(task) } })),
  });

export const acknowledge = (id: string, note: string) =>
  answer(api.POST('/api/v1/alerts/{id}/acknowledge', { params: { path: { id } }, body: { note } }));

export const unacknowledge = (id: string) =>
  answer(api.DELETE('/api/v1/alerts/{id}/acknowledge', { params: { path: { id } } }));

export type Matcher = Schemas['MatcherView'];
export type Silence = Schemas['SilenceView'];

export const silencesQuery = queryOptions({
  queryKey: keys.silences,
  queryFn: () => answer(api.GET('/api/v1/silences')),
});

export const silence = (body: { matcher: Matcher; reason: string; lasts?: string; until?: string }) =>
  answer(api.POST('/api/v1/silences', { body }));

export const endSilence = (id: string) => answer(api.DELETE('/api/v1/silences/{id}', { params: { path: { id } } }));
