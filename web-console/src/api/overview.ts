// What the first page shows.
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type Attention = components['schemas']['Attention'];
export type Overview = components['schemas']['OverviewView'];

export const overviewQuery = queryOptions({
  queryKey: keys.overview,
  queryFn: () => answer(api.GET('/api/v1/overview')),
});
