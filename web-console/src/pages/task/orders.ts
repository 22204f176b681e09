// Which orders make sense for a task. The Server decides; this only keeps what would change nothing out of the way.
import type { OrderKind, Status } from '../../api/task';

export function allowedOrders({ state, desired }: Pick<Status, 'state' | 'desired'>): OrderKind[] {
  switch (desired.state) {
    case 'stopped':
      return ['start'];
    case 'paused':
      return ['resume', 'stop'];
    case 'running':
      // A task that FAILED is tried again by starting it.
      return state === 'failed' ? ['start', 'pause', 'stop'] : ['pause', 'stop'];
  }
}

/** Handing over needs one that runs and one that stands by. */
export function mayHandOver({ running, instances }: Pick<Status, 'running' | 'instances'>): boolean {
  return Boolean(running) && instances.some(({ role }) => role === 'STANDBY');
}

/** Only what does not run can be deleted. */
export function mayDelete({ state }: Pick<Status, 'state'>): boolean {
  return state === 'stopped';
}
