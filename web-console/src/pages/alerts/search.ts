// What of the alerts' page is in its address.
export const SHOWN = ['open', 'resolved'] as const;
export type Shown = (typeof SHOWN)[number];

export interface AlertsSearch {
  /** One alert alone: where a message led to. */
  id?: string;
  task?: string;
  show?: Shown;
}

export function alertsSearch(search: Record<string, unknown>): AlertsSearch {
  const show = SHOWN.find((one) => one === search['show']);
  return {
    ...(typeof search['id'] === 'string' && search['id'] !== '' && { id: search['id'] }),
    ...(typeof search['task'] === 'string' && search['task'] !== '' && { task: search['task'] }),
    ...(show !== undefined && show !== 'open' && { show }),
  };
}
