// A task's spec: as a form and as TOML, stored and changed.
import { answer, api, pending } from './client';
import type { components } from './schema';

export type Spec = components['schemas']['TaskDocument'];
export type TaskView = components['schemas']['TaskView'];
export type SpecError = components['schemas']['ProblemDetail'];

export interface Converted {
  toml?: string | null;
  spec?: Spec | null;
  errors?: SpecError[];
}

/** The version that an edit was made from, as If-Match takes it. */
export const tag = (version: number) => `"${version}"`;

/** Comments of the TOML are lost. */
export const convertSpec = (body: { toml: string } | { spec: Spec }) =>
  pending<Converted>('POST', '/specs/convert', { body });

export const readTask = (name: string): Promise<TaskView> =>
  answer(api.GET('/api/v1/tasks/{name}', { params: { path: { name } } }));

export const readToml = (name: string) => pending<string>('GET', `/tasks/${encodeURIComponent(name)}/toml`);

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
export const diffVersions = (name: string, from: number, to: number) =>
  pending<{ from: number; to: number; diff: string }>(
    'GET',
    `/tasks/${encodeURIComponent(name)}/versions/${from}/diff/${to}`,
  );

export const rollBack = (name: string, current: number, version: number, reason: string) =>
  pending<TaskView>('POST', `/tasks/${encodeURIComponent(name)}/rollback`, {
    body: { version, reason },
    headers: { 'If-Match': tag(current) },
  });
