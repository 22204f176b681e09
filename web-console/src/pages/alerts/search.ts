// What of the alerts' page is in its address.
export interface AlertsSearch {
  task?: string;
}

export function alertsSearch(search: Record<string, unknown>): AlertsSearch {
  return typeof search['task'] === 'string' && search['task'] !== '' ? { task: search['task'] } : {};
}
