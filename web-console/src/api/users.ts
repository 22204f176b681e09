// Users and API tokens.
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import { keys } from './keys';
import type { components } from './schema';
import type { Role } from './session';

export type User = components['schemas']['UserView'];
export type Token = components['schemas']['TokenView'];

/** The Server refuses shorter ones. */
export const PASSWORD_MIN = 10;

export const usersQuery = queryOptions({
  queryKey: keys.users,
  queryFn: () => answer(api.GET('/api/v1/users')),
});

export const createUser = (user: { name: string; role: Role; password: string }) =>
  answer(api.POST('/api/v1/users', { body: user }));

export const changeUser = (name: string, change: { role?: Role; disabled?: boolean; password?: string }) =>
  answer(api.PUT('/api/v1/users/{name}', { params: { path: { name } }, body: change }));

export const deleteUser = (name: string) => answer(api.DELETE('/api/v1/users/{name}', { params: { path: { name } } }));

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: () => answer(api.GET('/api/v1/tokens')),
});

/** The answer has the secret, this once. */
export const createToken = (token: { name: string; role?: Role; expires_in?: string }) =>
  answer(api.POST('/api/v1/tokens', { body: token }));

export const deleteToken = (id: string) => answer(api.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } }));
