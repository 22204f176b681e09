// Who is signed in.
import { queryOptions, useQuery } from '@tanstack/react-query';
import { pending } from './client';

export type Role = 'viewer' | 'operator' | 'admin';

export interface SessionView {
  user: string;
  role: Role;
  /** Null for a token without an end. */
  expires_at: string | null;
  via: 'session' | 'token' | 'none';
}

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => pending<SessionView>('GET', '/session'),
  staleTime: 60_000,
  retry: false,
});

export const signIn = (user: string, password: string) =>
  pending<SessionView>('POST', '/session', { body: { user, password } });

export const signOut = () => pending<undefined>('DELETE', '/session');

export const setUp = (token: string, user: string, password: string) =>
  pending<SessionView>('POST', '/setup', { body: { token, user, password } });

export const changePassword = (old: string, fresh: string) =>
  pending<undefined>('PUT', '/session/password', { body: { old, new: fresh } });

/** Whether `role` may do what `needed` may. */
export function atLeast(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/** Whether the one who is signed in may do what `needed` may. The Server decides; this only hides and explains. */
export function useMay(needed: Role): boolean {
  const { data } = useQuery(sessionQuery);
  return data !== undefined && atLeast(data.role, needed);
}
