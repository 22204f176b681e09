// The states of a task, worst first.
import type { components } from '../api/schema';

export type TaskState = components['schemas']['TaskState'];
export type DesiredState = components['schemas']['DesiredWord'];

export const STATES = [
  'failed',
  'not_running',
  'retrying',
  'starting',
  'pausing',
  'paused',
  'stopping',
  'stopped',
  'running',
] as const satisfies readonly TaskState[];
