// The Query cache. A session that ended anywhere ends it everywhere.
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { asProblem } from '../api/problem';
import { sessionQuery } from '../api/session';

function ended(error: unknown): void {
  if (asProblem(error).code === 'not_signed_in') void cache.invalidateQueries({ queryKey: sessionQuery.queryKey });
}

export const cache: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryKey[0] !== sessionQuery.queryKey[0]) ended(error);
    },
  }),
  mutationCache: new MutationCache({ onError: ended }),
  defaultOptions: {
    queries: {
      // A refusal stays one; only a Server that does not answer is asked again.
      retry: (failures, error) => failures < 2 && asProblem(error).status === 0,
      refetchOnWindowFocus: true,
      staleTime: 1_000,
    },
  },
});
