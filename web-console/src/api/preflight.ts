// Whether a task would work, asked before it is started.
import { answer, api } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Check = Schemas['CheckView'];

/** All checks, or those that are named. */
export const runPreflight = (
  spec: Schemas['TaskDocument'],
  task: string | undefined,
  checks: string[] | undefined,
): Promise<Schemas['PreflightView']> =>
  answer(
    api.POST('/api/v1/preflight', { body: { spec, ...(task !== undefined && { task }), ...(checks && { checks }) } }),
  );
