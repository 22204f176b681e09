// Who did what.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type AuditEntry = components['schemas']['AuditEntryView'];

export interface AuditFilter {
  task?: string;
  user?: string;
  action?: string;
}

const PAGE_SIZE = 50;

/** The last few, for the overview. */
export const changesQuery = queryOptions({
  queryKey: [...keys.audit, 'last'],
  queryFn: () => answer(api.GET('/api/v1/audit', { params: { query: { limit: 10 } } })),
});

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: [...keys.audit, filter],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/audit', {
          params: { query: { ...filter, ...(pageParam !== '' && { after: pageParam }), limit: PAGE_SIZE } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
  });
