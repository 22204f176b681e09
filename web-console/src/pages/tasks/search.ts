// What of the tasks' page is in its address.
import { STATES, type TaskState } from '../../kit/states';

export const SORTS = ['name', 'state', 'lag'] as const;

export interface TasksSearch {
  search?: string;
  group?: string;
  state?: TaskState;
  sort?: (typeof SORTS)[number];
  after?: string;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** What can't be read is left out. */
export function tasksSearch(search: Record<string, unknown>): TasksSearch {
  const read: TasksSearch = {};
  const [words, group, after] = [text(search['search']), text(search['group']), text(search['after'])];
  const state = STATES.find((one) => one === search['state']);
  const sort = SORTS.find((one) => one === search['sort']);
  if (words !== undefined) read.search = words;
  if (group !== undefined) read.group = group;
  if (state !== undefined) read.state = state;
  if (sort !== undefined) read.sort = sort;
  if (after !== undefined) read.after = after;
  return read;
}
