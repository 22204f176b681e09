// A table of the preview, laid out: what the source has beside what arrives.

import type { PreviewedTable } from '../../api/preview';
import { literalPattern, matcher, type RouteText, type TableName } from './tables';
import type { Spec } from './spec';

type Column = PreviewedTable['columns'][number];
type Row = PreviewedTable['rows'][number];
type Value = string | null;

/** What became of a column that does not arrive as it was. */
const FATES = ['masked', 'cast', 'added', 'dropped'] as const;
export type Fate = (typeof FATES)[number] | 'renamed';

export function fateOf({ source, target, treatment }: Column): Fate | undefined {
  const told = FATES.find((fate) => treatment.startsWith(fate));
  return told ?? (source !== target ? 'renamed' : undefined);
}

export interface LaidOut {
  before: { name: string; fate: Fate | undefined }[];
  after: { name: string; fate: Fate | undefined }[];
  rows: { before: Value[]; after: Value[]; arrives: boolean; problem: string | undefined }[];
}

export function laidOut({ columns, rows }: PreviewedTable): LaidOut {
  const named = (side: 'source' | 'target') =>
    columns.flatMap((column) => {
      const name = column[side];
      return typeof name === 'string' ? [{ name, fate: fateOf(column) }] : [];
    });
  const before = ({ before: values = [] }: Row): Value[] =>
    columns.flatMap(({ source }, at) => (typeof source === 'string' ? [values[at] ?? null] : []));
  return {
    before: named('source').map(({ name, fate }) => ({ name, fate: fate === 'dropped' ? fate : undefined })),
    after: named('target'),
    rows: rows.map((row) => ({
      before: before(row),
      after: row.values,
      arrives: row.arrives,
      problem: row.problem ?? undefined,
    })),
  };
}

/** The tables that a route says something about. */
export function routed<T extends TableName>(tables: readonly T[], routes: readonly RouteText[]): T[] {
  const matchers = routes.map(({ from }) => matcher(from));
  return tables.filter((table) => matchers.some((matches) => matches?.(table) ?? false));
}

/** The spec to preview one table with. The target is not asked, so that it need not be filled in yet. */
export function previewSpec(spec: Spec, table: TableName): Spec {
  return {
    ...spec,
    name: spec.name === '' ? 'preview' : spec.name,
    group: spec.group === '' ? 'preview' : spec.group,
    producer: { ...spec.producer, tables: [literalPattern(table)] },
    consumer: { kind: 'stdout' },
  };
}
