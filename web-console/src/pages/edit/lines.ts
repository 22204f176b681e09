// Where in a TOML text an error is.
import type { FieldError } from './spec';

/** The line (from 1) that an error means: the one it names, else the one where its key is set. */
export function lineOf({ key, problem }: Pick<FieldError, 'key' | 'problem'>, text: string): number | null {
  const named = /\bline (\d+)/.exec(`${key} ${problem}`);
  if (named) return Number(named[1]);
  const path = key.replace(/\[\d+\]/g, '').split('.');
  const last = path.pop() ?? '';
  const table = path.join('.');
  let inside = '';
  for (const [at, line] of text.split('\n').entries()) {
    const header = /^\s*\[\[?\s*([^\]]+?)\s*\]\]?/.exec(line);
    if (header) inside = header[1] ?? '';
    else if (inside === table && /^\s*["']?([^"'=\s]+)["']?\s*=/.exec(line)?.[1] === last) return at + 1;
  }
  return null;
}

/** Where a line begins, in characters. */
export function lineStart(text: string, line: number): number {
  return text
    .split('\n')
    .slice(0, line - 1)
    .reduce((start, before) => start + before.length + 1, 0);
}
