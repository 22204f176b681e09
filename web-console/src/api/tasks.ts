// Tasks as a list.
import { keepPreviousData, queryOptions, type QueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import { keys } from './keys';
import type { components, operations } from './schema';
import { giveOrder, type Order, type OrderKind } from './task';

type Schemas = components['schemas'];
// The document says of `sort` more than a generator can express.
type Query = NonNullable<operations['listTasks']['parameters']['query']>;
export type TaskState = Schemas['TaskState'];

export type TaskRow = Schemas['TaskSummary'];
export type TaskPage = Schemas['TaskList'];

export interface TaskFilter {
  search?: string;
  group?: string;
  state?: TaskState;
  sort?: 'name' | 'state' | 'lag';
  after?: string;
}

export const PAGE_SIZE = 50;

export const tasksQuery = (filter: TaskFilter) =>
  queryOptions({
    queryKey: [...keys.tasks, filter],
    queryFn: async (): Promise<TaskPage> => {
      const { search, ...rest } = filter;
      const query = { ...rest, ...(search === undefined ? {} : { name: search }), limit: PAGE_SIZE, sparkline: true };
      return await answer(api.GET('/api/v1/tasks', { params: { query: query as Query } }));
    },
    placeholderData: keepPreviousData,
  });

/** What became of an order to one of several tasks. */
export interface Ordered {
  name: string;
  order: Order | null;
  problem: unknown;
}

/** The same order to each, one after the other; one that is refused does not hold up the others. */
export async function orderAll(cache: QueryClient, names: readonly string[], order: OrderKind): Promise<Ordered[]> {
  const results: Ordered[] = [];
  for (const name of names) {
    try {
      const given = await giveOrder(name, order);
      showIntent(cache, name, given);
      results.push({ name, order: given, problem: null });
    } catch (problem) {
      results.push({ name, order: null, problem });
    }
  }
  await cache.invalidateQueries({ queryKey: keys.tasks });
  return results;
}

/** What is wanted is shown at once; what is comes when the Core says so. */
function showIntent(cache: QueryClient, name: string, order: Order): void {
  cache.setQueriesData<TaskPage>(
    { queryKey: keys.tasks },
    (page) =>
      page && {
        ...page,
        tasks: page.tasks.map((task) => (task.name === name ? { ...task, desired: order.desired } : task)),
      },
  );
}
