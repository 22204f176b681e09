// Alerts: what the Monitor says is wrong.
import { queryOptions } from '@tanstack/react-query';
import { pending } from './client';
import { keys } from './keys';

/** How many fire now and nobody has taken them on. */
export const firingQuery = queryOptions({
  queryKey: [...keys.alerts, 'firing-count'],
  queryFn: async () => {
    const { alerts } = await pending<{ alerts: unknown[] }>('GET', '/alerts', { query: { state: 'firing' } });
    return alerts.length;
  },
});
