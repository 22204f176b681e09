// What the routes of a task make of real rows, beside those rows.
import { answer, api } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];
export type PreviewedTable = Schemas['PreviewTable'];

/** `task` names the stored task whose secrets `********` stands for. */
export const previewRoutes = (
  spec: Schemas['TaskDocument'],
  task: string | undefined,
  rows: number,
): Promise<Schemas['PreviewView']> =>
  answer(api.POST('/api/v1/preview', { body: { spec, rows, before: true, ...(task !== undefined && { task }) } }));
