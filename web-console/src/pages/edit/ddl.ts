// `consumer.ddl`: one word for all schema changes, or one for each kind.

import { isRecord } from './spec';

const POLICIES = ['apply', 'ignore', 'stop'] as const;
export type Policy = (typeof POLICIES)[number];

/** The kinds as the model has them, in its order. */
export const KINDS = [
  'create_database',
  'alter_database',
  'drop_database',
  'create_table',
  'alter_table',
  'drop_table',
  'rename_table',
  'truncate',
  'add_column',
  'drop_column',
  'create_index',
  'drop_index',
  'drop_partition',
  'view',
  'sequence',
] as const;
export type Kind = (typeof KINDS)[number];

/** What is written for a kind or for the rest; undefined if nothing is. */
export function policyOf(value: unknown, kind: Kind | 'default'): Policy | undefined {
  const word = isRecord(value) ? value[kind] : kind === 'default' ? value : undefined;
  return POLICIES.find((policy) => policy === word);
}

export function kindsOf(value: unknown): Kind[] {
  return KINDS.filter((kind) => policyOf(value, kind) !== undefined);
}

/** The value with another policy for a kind or the rest, as short as it can be written. */
export function withPolicy(value: unknown, kind: Kind | 'default', policy: Policy | undefined): unknown {
  const fallback = policyOf(value, 'default');
  const table: Record<string, unknown> = isRecord(value) ? { ...value } : fallback ? { default: fallback } : {};
  if (policy === undefined || (kind === 'default' && policy === 'apply')) Reflect.deleteProperty(table, kind);
  else table[kind] = policy;
  const keys = Object.keys(table);
  if (keys.length === 0) return undefined;
  return keys.length === 1 && keys[0] === 'default' ? table['default'] : table;
}
