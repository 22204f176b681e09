// Users and API tokens.
import { queryOptions } from '@tanstack/react-query';
import { pending } from './client';
import { keys } from './keys';
import type { Role } from './session';

export interface User {
  name: string;
  role: Role;
  disabled: boolean;
  created_at: string | null;
  last_login_at: string | null;
}

export interface Token {
  id: string;
  name: string;
  user: string;
  role: Role;
  created_at: string | null;
  expires_at: string | null;
  last_used_at: string | null;
}

/** The Server refuses shorter ones. */
export const PASSWORD_MIN = 10;

export const usersQuery = queryOptions({
  queryKey: keys.users,
  queryFn: () => pending<{ users: User[] }>('GET', '/users'),
});

export const createUser = (user: { name: string; role: Role; password: string }) =>
  pending<User>('POST', '/users', { body: user });

export const changeUser = (name: string, change: { role?: Role; disabled?: boolean; password?: string }) =>
  pending<User>('PUT', `/users/${encodeURIComponent(name)}`, { body: change });

export const deleteUser = (name: string) => pending<undefined>('DELETE', `/users/${encodeURIComponent(name)}`);

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: () => pending<{ tokens: Token[] }>('GET', '/tokens'),
});

/** The answer has the secret, this once. */
export const createToken = (token: { name: string; role?: Role; expires_in?: string }) =>
  pending<Token & { secret: string }>('POST', '/tokens', { body: token });

export const deleteToken = (id: string) => pending<undefined>('DELETE', `/tokens/${encodeURIComponent(id)}`);
