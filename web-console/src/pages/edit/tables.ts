// Which tables the patterns of a task mean: for the preview only, over tables that the source has named. The rules are
// those of the Server (`core/model/src/table_pattern.rs`), which has the last word.

export interface TableName {
  schema: string;
  name: string;
}

export interface RouteText {
  from: string;
  /** Without it the names stay. */
  to?: string | null;
}

/** A pattern that means this one name, whatever is in it. */
export function literalPart(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

export function literalPattern(table: TableName): string {
  return `${literalPart(table.schema)}.${literalPart(table.name)}`;
}

export function wholeSchemaPattern(schema: string): string {
  return `${literalPart(schema)}.*`;
}

type Matcher = (table: TableName) => boolean;

/** A function that says whether a table is meant, or null where the text is no pattern. */
export function matcher(pattern: string): Matcher | null {
  const dot = pattern.indexOf('.');
  if (dot <= 0 || dot === pattern.length - 1) return null;
  try {
    const schema = new RegExp(`^(?:${expanded(pattern.slice(0, dot))})$`, 'su');
    const name = new RegExp(`^(?:${expanded(pattern.slice(dot + 1))})$`, 'su');
    return (table) => schema.test(table.schema) && name.test(table.name);
  } catch {
    return null;
  }
}

/** `*` after an ordinary character, or at the beginning, stands for any characters. */
function expanded(part: string): string {
  let expression = '';
  let repeatable = false;
  for (let at = 0; at < part.length; at += 1) {
    const character = part.charAt(at);
    if (character === '*' && !repeatable) expression += '.';
    expression += character;
    repeatable = '])}.'.includes(character);
    if (character === '\\') {
      at += 1;
      expression += part.charAt(at);
      repeatable = true;
    }
  }
  return expression;
}

/** Whether a table is replicated under these patterns. No patterns mean every table. */
export function isChosen(table: TableName, tables: readonly string[] | undefined, exclude: readonly string[]): boolean {
  const any = (patterns: readonly string[]): boolean => patterns.some((pattern) => matcher(pattern)?.(table) ?? false);
  return (tables === undefined || any(tables)) && !any(exclude);
}

/** Where a table lands, as `database.table`; the first route that matches counts. */
export function landing(table: TableName, routes: readonly RouteText[]): string {
  const route = routes.find(({ from }) => matcher(from)?.(table) ?? false);
  if (!route?.to) return `${table.schema}.${table.name}`;
  const captured = captures(route.from, table);
  return route.to
    .replaceAll('{database}', () => table.schema)
    .replaceAll('{table}', () => table.name)
    .replaceAll(/\{(\d+)\}/gu, (placeholder, number: string) => captured[Number(number) - 1] ?? placeholder);
}

/** What stands in the parentheses of a pattern that matches, the database's first. */
function captures(pattern: string, table: TableName): string[] {
  const dot = pattern.indexOf('.');
  const parts = [
    [pattern.slice(0, dot), table.schema],
    [pattern.slice(dot + 1), table.name],
  ] as const;
  return parts.flatMap(([part, name]) => {
    const found = new RegExp(`^(?:${expanded(part)})$`, 'su').exec(name);
    return (found ?? []).slice(1).map((group: string | undefined) => group ?? '');
  });
}

/** What a route does besides giving another name, one text for each setting. A salt is not among it. */
export function treatment(route: object): string[] {
  const names = (value: unknown): string => {
    if (Array.isArray(value)) return value.join(', ');
    if (typeof value === 'object' && value !== null) return Object.keys(value).join(', ');
    return String(value);
  };
  const settings = Object.entries(route).filter(([key, value]) => key !== 'from' && key !== 'to' && value != null);
  return settings.map(([key, value]) => `${key}: ${names(value)}`);
}

/** The patterns with one more or without it. Without any the key goes, which means every table. */
export function toggled(patterns: readonly string[] | undefined, pattern: string): string[] | undefined {
  const others = (patterns ?? []).filter((known) => known !== pattern);
  if (others.length === (patterns ?? []).length) others.push(pattern);
  return others.length > 0 ? others : undefined;
}
