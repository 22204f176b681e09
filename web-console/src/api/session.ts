// Who is signed in.
import { queryOptions, useQuery } from '@tanstack/react-query';
import { answer, api } from './client';
import type { components } from './schema';

export type Role = components['schemas']['RoleWord'];
export type SessionView = components['schemas']['SessionView'];

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => answer(api.GET('/api/v1/session')),
  staleTime: 60_000,
  retry: false,
});

export const signIn = (user: string, password: string) =>
  answer(api.POST('/api/v1/session', { body: { user, password } }));

export const signOut = () => answer(api.DELETE('/api/v1/session'));

export const setUp = (token: string, user: string, password: string) =>
  answer(api.POST('/api/v1/setup', { body: { token, user, password } }));

export const changePassword = (old: string, fresh: string) =>
  answer(api.PUT('/api/v1/session/password', { body: { old, new: fresh } }));

/** Whether `role` may do what `needed` may. */
export function atLeast(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/** Whether the one who is signed in may do what `needed` may. The Server decides; this only hides and explains. */
export function useMay(needed: Role): boolean {
  const { data } = useQuery(sessionQuery);
  return data !== undefined && atLeast(data.role, needed);
}
