// What of a task's page is in its address.
export const TABS = [
  'overview',
  'lag',
  'instances',
  'position',
  'versions',
  'errors',
  'conflicts',
  'alerts',
  'audit',
] as const;
export type Tab = (typeof TABS)[number];

export interface TaskSearch {
  tab?: Tab;
}

export function taskSearch(search: Record<string, unknown>): TaskSearch {
  const tab = TABS.find((one) => one === search['tab']);
  return tab === undefined ? {} : { tab };
}
