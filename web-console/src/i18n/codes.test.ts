// Every code that the book explains has its Chinese words, and no words are left of codes that are gone. (That the book
// has every code of the programs is tested with them.)
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import zh from './codes/zh.json';

const book = (page: string) => readFileSync(new URL(`../../../docs/src/${page}`, import.meta.url), 'utf8');

/** The first column of the tables in a part of a page. */
function codes(text: string): string[] {
  return [...new Set([...text.matchAll(/^\| `(\w+)` \|/gm)].map((found) => found[1] ?? ''))].sort();
}

const [failures = '', problems = ''] = book('errors.md').split('\n## When a request is refused');
const [, rules = ''] = book('monitor.md').split('\n| rule |');

test.each([
  ['failure', codes(failures), ['is']],
  ['problem', codes(problems), ['is']],
  ['rule', codes(rules.split('\n\n')[0] ?? ''), ['title', 'meaning']],
  ['check', codes(book('preflight.md')), ['title', 'why']],
] as const)('every %s of the book is told in Chinese', (kind, known, needed) => {
  const told: Record<string, Record<string, string>> = zh[kind];
  expect(known.length).toBeGreaterThan(10);
  expect(Object.keys(told).sort()).toEqual(known);
  const without = known.filter((code) => needed.some((what) => !/\p{Script=Han}/u.test(told[code]?.[what] ?? '')));
  expect(without).toEqual([]);
});
