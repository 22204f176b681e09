// Who did what.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { pending } from './client';
import { keys } from './keys';

export interface AuditEntry {
  id: string;
  at: string | null;
  /** Null where nobody had signed in. */
  user: string | null;
  via: 'session' | 'token' | 'none';
  address: string;
  /** The operation of the API. */
  action: string;
  subject: string;
  outcome: 'done' | 'refused' | 'failed';
  detail: string;
  diff?: string | null;
}

export interface AuditFilter {
  task?: string;
  user?: string;
  action?: string;
}

const PAGE_SIZE = 50;

/** The last few, for the overview. */
export const changesQuery = queryOptions({
  queryKey: [...keys.audit, 'last'],
  queryFn: () => pending<{ entries: AuditEntry[] }>('GET', '/audit', { query: { limit: 10 } }),
});

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: [...keys.audit, filter],
    queryFn: ({ pageParam }) =>
      pending<{ entries: AuditEntry[]; next?: string | null }>('GET', '/audit', {
        query: { ...filter, after: pageParam, limit: PAGE_SIZE },
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
  });
