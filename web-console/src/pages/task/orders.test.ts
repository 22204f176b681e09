import { expect, test } from 'vitest';
import type { Instance, Status } from '../../api/task';
import { allowedOrders, mayHandOver } from './orders';

const desired = (state: Status['desired']['state']) => ({ state, generation: 1 });

test.each([
  ['stopped', 'stopped', ['start']],
  ['paused', 'paused', ['resume', 'stop']],
  ['running', 'running', ['pause', 'stop']],
  ['failed', 'running', ['start', 'pause', 'stop']],
  ['stopping', 'stopped', ['start']],
] as const)('a task that is %s and is to be %s takes %j', (state, wanted, orders) => {
  expect(allowedOrders({ state, desired: desired(wanted) })).toEqual(orders);
});

test('only a task with a standby is handed over', () => {
  const instance = (role: Instance['role']) => ({ role }) as Instance;
  const running = { core: 'a', host: 'a', epoch: 1, since: null };
  expect(mayHandOver({ running, instances: [instance('RUNNING')] })).toBe(false);
  expect(mayHandOver({ running, instances: [instance('RUNNING'), instance('STANDBY')] })).toBe(true);
  expect(mayHandOver({ running: null, instances: [instance('STANDBY')] })).toBe(false);
});
