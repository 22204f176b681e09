// Changes that did not find their row as the source had it, as the target remembers them.
import { infiniteQueryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type Conflict = components['schemas']['ConflictView'];

const PAGE_SIZE = 50;

export const conflictsQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.task(name), 'conflicts'],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/tasks/{name}/conflicts', {
          params: { path: { name }, query: { limit: PAGE_SIZE, ...(pageParam !== 0 && { before: pageParam }) } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next ?? undefined,
  });
