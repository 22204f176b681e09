import { expect, test } from 'vitest';
import type { Check } from '../../api/preflight';
import { byAbout, counted, merged } from './checks';

const check = (code: string, about: Check['about'], state: Check['state']): Check => ({
  code,
  about,
  state,
  title: code,
  found: '',
  why: '',
  fix: null,
  millis: 1,
});

test('checks are grouped, and what needs someone comes first', () => {
  const checks = [check('a', 'target', 'passed'), check('b', 'source', 'passed'), check('c', 'source', 'failed')];
  expect(byAbout(checks).map(([about, group]) => [about, group.map(({ code }) => code)])).toEqual([
    ['source', ['c', 'b']],
    ['target', ['a']],
  ]);
  expect(counted(checks)).toEqual({ passed: 2, warning: 0, failed: 1, skipped: 0 });
});

test('a check that was run again takes its place', () => {
  const known = [check('a', 'source', 'failed'), check('b', 'source', 'passed')];
  const after = merged(known, [check('a', 'source', 'passed'), check('c', 'task', 'passed')]);
  expect(after.map(({ code, state }) => `${code} ${state}`)).toEqual(['a passed', 'b passed', 'c passed']);
});
