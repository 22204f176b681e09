// What a route does to rows and columns: between the objects of the spec and the rows of the form. What the form has no row
// for stays as it is.

import { errorsAt, isRecord, type FieldError, type Secret, type Spec } from './spec';

export type Route = NonNullable<Spec['route']>[number];
export type Constant = string | number | boolean;

export const CASTS = ['char', 'signed', 'unsigned'] as const;
export type Cast = (typeof CASTS)[number];

/** One thing that happens to one column. */
export type Change = { column: string } & (
  | { does: 'rename'; to: string }
  | { does: 'add'; constant: Constant }
  | { does: 'cast'; to: Cast }
  | { does: 'hash'; salt: Secret }
  | { does: 'keep'; characters: number }
  | { does: 'constant'; constant: Constant }
);
export type Doing = Change['does'];
export const DOINGS: readonly Doing[] = ['rename', 'hash', 'keep', 'constant', 'cast', 'add'];

const SETTINGS = ['rename', 'add', 'cast', 'mask'] as const;
type Setting = (typeof SETTINGS)[number];

/** Characters that stay where nobody has said how many. */
const KEPT = 4;

/** The setting of the route that a change is written in. */
function settingOf({ does }: Change): Setting {
  return does === 'hash' || does === 'keep' || does === 'constant' ? 'mask' : does;
}

function isConstant(value: unknown): value is Constant {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** A setting's entry as a row; undefined where it is none that the form knows. */
function changeOf(setting: Setting, column: string, value: unknown): Change | undefined {
  switch (setting) {
    case 'rename':
      return typeof value === 'string' ? { column, does: 'rename', to: value } : undefined;
    case 'add':
      return isConstant(value) ? { column, does: 'add', constant: value } : undefined;
    case 'cast': {
      const to = CASTS.find((cast) => cast === value);
      return to && { column, does: 'cast', to };
    }
    case 'mask':
      return isRecord(value) && Object.keys(value).length === 1 ? maskOf(column, value) : undefined;
  }
}

function maskOf(column: string, { hash, keep, constant }: Record<string, unknown>): Change | undefined {
  if (isConstant(constant)) return { column, does: 'constant', constant };
  if (typeof keep === 'number') return { column, does: 'keep', characters: keep };
  const isSecret =
    typeof hash === 'string' ||
    (isRecord(hash) && (typeof hash['env'] === 'string' || typeof hash['file'] === 'string'));
  return isSecret ? { column, does: 'hash', salt: hash as Secret } : undefined;
}

function valueOf(change: Change): unknown {
  switch (change.does) {
    case 'rename':
    case 'cast':
      return change.to;
    case 'add':
      return change.constant;
    case 'hash':
      return { hash: change.salt };
    case 'keep':
      return { keep: change.characters };
    case 'constant':
      return { constant: change.constant };
  }
}

/** What the route does to columns, a row each. */
export function changesOf(route: Route): Change[] {
  return SETTINGS.flatMap((setting) => {
    const entries: unknown = route[setting];
    if (!isRecord(entries)) return [];
    return Object.entries(entries).flatMap(([column, value]) => changeOf(setting, column, value) ?? []);
  });
}

/** The route with these changes of columns in the place of those that it had. A row that names no column is not in it. */
export function withChanges(route: Route, changes: readonly Change[]): Route {
  const changed: Record<string, unknown> = { ...route };
  for (const setting of SETTINGS) {
    const before = changed[setting];
    const written = changes.filter(
      (change, at) => settingOf(change) === setting && change.column !== '' && !isRepeated(changes, at),
    );
    if (before !== undefined && before !== null && !isRecord(before) && written.length === 0) continue;
    const unknown = Object.entries(isRecord(before) ? before : {}).filter(
      ([column, value]) => changeOf(setting, column, value) === undefined,
    );
    const all = [...unknown, ...written.map((change) => [change.column, valueOf(change)])];
    if (all.length > 0) changed[setting] = Object.fromEntries(all);
    else Reflect.deleteProperty(changed, setting);
  }
  return changed as Route;
}

/** Whether an earlier row sets the same for the same column, so that this one would be lost. */
export function isRepeated(changes: readonly Change[], at: number): boolean {
  const change = changes[at];
  if (!change || change.column === '') return false;
  const same = (other: Change) => other.column === change.column && settingOf(other) === settingOf(change);
  return changes.slice(0, at).some(same);
}

/**
 * The rows to show: what was written last, as long as it is what the route says (a row that is not finished has no place in
 * the route); else what the route says.
 */
export function shownChanges(route: Route, written: readonly Change[]): readonly Change[] {
  return JSON.stringify(withChanges(route, written)) === JSON.stringify(route) ? written : changesOf(route);
}

/** The same column with something else happening to it. */
export function changedTo(does: Doing, { column }: Pick<Change, 'column'>): Change {
  switch (does) {
    case 'rename':
      return { column, does, to: '' };
    case 'add':
    case 'constant':
      return { column, does, constant: '' };
    case 'cast':
      return { column, does, to: 'char' };
    case 'hash':
      return { column, does, salt: '' };
    case 'keep':
      return { column, does, characters: KEPT };
  }
}

/** The route with another value of a setting; one that is empty is left out. */
export function withSetting(
  route: Route,
  key: 'to' | 'where' | 'source_column' | 'drop',
  value: string | string[],
): Route {
  const changed: Record<string, unknown> = { ...route, [key]: value };
  if (value.length === 0) Reflect.deleteProperty(changed, key);
  return changed as Route;
}

/** Where the Server names a change. */
export function keyOf(at: number, change: Change): string {
  return `route[${String(at)}].${settingOf(change)}.${change.column}`;
}

/** What is wrong with what a route does to rows. */
export function shapeErrors(errors: readonly FieldError[], at: number): FieldError[] {
  const keys = ['where', 'source_column', 'drop', ...SETTINGS];
  return keys.flatMap((key) => errorsAt(errors, `route[${String(at)}].${key}`));
}

/** What is wrong with a route and is shown at none of its fields. */
export function unplacedErrors(errors: readonly FieldError[], at: number, changes: readonly Change[]): FieldError[] {
  const route = `route[${String(at)}]`;
  const fields = ['from', 'to', 'where', 'source_column', 'drop'].map((key) => `${route}.${key}`);
  const placed = [...fields, ...changes.map((change) => keyOf(at, change))].flatMap((key) => errorsAt(errors, key));
  return errorsAt(errors, route).filter((error) => !placed.includes(error));
}
