// A task's spec: as a form and as TOML, stored and changed.
import { answer, api } from './client';
import type { components } from './schema';

export type Spec = components['schemas']['TaskDocument'];
export type TaskView = components['schemas']['TaskView'];
export type SpecError = components['schemas']['ProblemDetail'];

/** The version that an edit was made from, as If-Match takes it. */
export const tag = (version: number) => `"${version}"`;

export interface Converted {
  toml: string | null;
  spec: Spec | null;
  errors: SpecError[];
}

/** Comments of the TOML are lost. A spec that is not whole yet is taken as it is: what is wrong is in the answer. */
export const convertSpec = async (body: { toml: string } | { spec: Spec }): Promise<Converted> => {
  const { toml, spec, errors } = await answer(api.POST('/api/v1/specs/convert', { body: body as { toml: string } }));
  return { toml: toml ?? null, spec: (spec ?? null) as Spec | null, errors };
};

export const readTask = (name: string): Promise<TaskView> =>
  answer(api.GET('/api/v1/tasks/{name}', { params: { path: { name } } }));

export const readToml = (name: string): Promise<string> =>
  answer(api.GET('/api/v1/tasks/{name}/toml', { params: { path: { name } }, parseAs: 'text' }));

export const createTask = (spec: Spec, desired: 'stopped' | 'running', reason: string): Promise<TaskView> =>
  answer(api.POST('/api/v1/tasks', { params: { query: { desired, ...(reason && { reason }) } }, body: spec }));

export const updateTask = (spec: Spec, version: number, reason: string): Promise<TaskView> =>
  answer(
    api.PUT('/api/v1/tasks/{name}', {
      params: { path: { name: spec.name }, header: { 'If-Match': tag(version) }, query: { ...(reason && { reason }) } },
      body: spec,
    }),
  );

export const deleteTask = (name: string, version: number) =>
  answer(api.DELETE('/api/v1/tasks/{name}', { params: { path: { name }, header: { 'If-Match': tag(version) } } }));

/** The TOML of two versions beside each other. */
export const diffVersions = (name: string, from: number, to: number): Promise<components['schemas']['DiffView']> =>
  answer(api.GET('/api/v1/tasks/{name}/versions/{from}/diff/{to}', { params: { path: { name, from, to } } }));

export const rollBack = (name: string, current: number, version: number, reason: string): Promise<TaskView> =>
  answer(
    api.POST('/api/v1/tasks/{name}/rollback', {
      params: { path: { name }, header: { 'If-Match': tag(current) } },
      body: { version, ...(reason && { reason }) },
    }),
  );
