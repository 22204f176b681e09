// Groups and the Cores in them.
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type Group = components['schemas']['GroupView'];
export type Core = components['schemas']['CoreView'];

export const groupsQuery = queryOptions({
  queryKey: [...keys.cores, 'groups'],
  queryFn: () => answer(api.GET('/api/v1/groups')),
});
