// The spec that is being written, as the API takes it. It is the form's only state, so that form and TOML are two views
// of one thing and a key the form has no field for is kept.

import type { components } from '../../api/schema';

export type Spec = components['schemas']['TaskDocument'];
export type Secret = components['schemas']['SecretDocument'];
export type ConsumerKind = Spec['consumer']['kind'];

/** What the API shows in the place of a stored secret; sent back, it keeps that secret. */
export const KEPT_SECRET = '********';

const PORT = 3306;

export function emptySpec(group: string): Spec {
  return {
    name: '',
    group,
    producer: { host: '', port: PORT, user: '', password: '' },
    consumer: emptyConsumer('mysql'),
  };
}

export function emptyConsumer(kind: ConsumerKind): Spec['consumer'] {
  switch (kind) {
    case 'mysql':
      return { kind, host: '', port: PORT, user: '', password: '' };
    case 'kafka':
      return { kind, brokers: [] };
    case 'stdout':
      return { kind };
  }
}

/** The value at a path such as `producer.tls.mode`. */
export function valueAt(spec: Spec, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), spec);
}

/** The spec with another value at a path. `undefined` removes the key, and tables that are empty then. */
export function withValueAt(spec: Spec, path: string, value: unknown): Spec {
  return put(spec, path.split('.'), value) as Spec;
}

function put(table: unknown, path: string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const changed: Record<string, unknown> = isRecord(table) ? { ...table } : {};
  const below = put(changed[key], rest, value);
  if (below === undefined || (rest.length > 0 && isRecord(below) && Object.keys(below).length === 0)) {
    Reflect.deleteProperty(changed, key);
  } else {
    changed[key] = below;
  }
  return changed;
}

export type SecretKind = 'text' | 'env' | 'file';

export function secretKind(secret: Secret | undefined): SecretKind {
  if (secret === undefined || typeof secret === 'string') return 'text';
  return 'env' in secret ? 'env' : 'file';
}

export function secretText(secret: Secret | undefined): string {
  if (secret === undefined) return '';
  if (typeof secret === 'string') return secret;
  return 'env' in secret ? secret.env : secret.file;
}

export function secretOf(kind: SecretKind, text: string): Secret {
  switch (kind) {
    case 'text':
      return text;
    case 'env':
      return { env: text };
    case 'file':
      return { file: text };
  }
}

/** The spec as it may be shown: secrets that were written in it are not. */
export function redacted(spec: Spec): Spec {
  const shown = spec.route ? { ...spec, route: spec.route.map(withoutSalts) } : spec;
  return ['producer.password', 'consumer.password', 'consumer.sasl_password'].reduce((shown, path) => {
    const secret = valueAt(shown, path);
    return typeof secret === 'string' && secret !== '' ? withValueAt(shown, path, KEPT_SECRET) : shown;
  }, shown);
}

function withoutSalts<R extends NonNullable<Spec['route']>[number]>(route: R): R {
  if (!route.mask) return route;
  const masks = Object.entries(route.mask).map(([column, mask]) => {
    const salted = 'hash' in mask && typeof mask.hash === 'string' && mask.hash !== '';
    return [column, salted ? { hash: KEPT_SECRET } : mask] as const;
  });
  return { ...route, mask: Object.fromEntries(masks) };
}

export type Step = 'source' | 'tables' | 'target' | 'running' | 'preflight' | 'review';
export const STEPS: readonly Step[] = ['source', 'tables', 'target', 'running', 'preflight', 'review'];

/** The step on which the field of a key is, so that an error can be shown where it is mended. */
export function stepOf(key: string): Step {
  if (/^producer\.(tables|exclude)\b/.test(key)) return 'tables';
  if (/^producer\.start\b/.test(key)) return 'running';
  if (/^(name|group)$/.test(key) || key.startsWith('producer')) return 'source';
  if (/^(consumer|route)\b/.test(key)) return 'target';
  if (/^(standby|pipe)\b/.test(key)) return 'running';
  return 'review';
}

export interface FieldError {
  key: string;
  problem: string;
  hint: string;
}

/** The errors of a field: those at its key and at keys inside of it. Columns in keys are the same in any case. */
export function errorsAt(errors: readonly FieldError[], key: string): FieldError[] {
  const wanted = key.toLowerCase();
  return errors.filter((error) => {
    const said = error.key.toLowerCase();
    return said === wanted || said.startsWith(`${wanted}.`) || said.startsWith(`${wanted}[`);
  });
}

/** Required fields of a step that are still empty; the rest is for the Server to judge. */
export function missing(spec: Spec, step: Step): string[] {
  const required: Partial<Record<Step, string[]>> = {
    source: ['name', 'group', 'producer.host', 'producer.user'],
    target: { mysql: ['consumer.host', 'consumer.user'], kafka: ['consumer.brokers'], stdout: [] }[spec.consumer.kind],
  };
  return (required[step] ?? []).filter((path) => isEmpty(valueAt(spec, path)));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
