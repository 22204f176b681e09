// `key = value` lines and the table they mean.

export interface Parsed {
  properties: Record<string, string>;
  /** The first line that is no `key = value`. */
  unfinished: string | null;
}

export function propertiesOf(text: string): Parsed {
  const properties: Record<string, string> = {};
  let unfinished: string | null = null;
  for (const line of text.split('\n').map((written) => written.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    if (at <= 0) unfinished ??= line;
    else properties[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return { properties, unfinished };
}

export function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key} = ${value}`)
    .join('\n');
}
