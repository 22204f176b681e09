import { expect, test } from 'vitest';
import type { Rule, Rules } from '../../api/rules';
import { overrideOf, withDefault, withRule } from './settings';

const rule = (name: string, rest: Partial<Rule>): Rule => ({
  rule: name,
  title: name,
  about: 'task',
  meaning: '',
  severity: 'warning',
  enabled: true,
  for: '2m',
  threshold: 30,
  clear: null,
  unit: 'seconds',
  keep: '2m',
  repeat: '1h',
  defaults: { enabled: true, severity: 'warning', for: '2m', threshold: 30, keep: '2m', repeat: '1h' },
  overrides: 0,
  ...rest,
});

test('only what differs from the default is set', () => {
  expect(overrideOf(rule('lag', {}))).toEqual({});
  expect(overrideOf(rule('lag', { threshold: 60, enabled: false }))).toEqual({ threshold: 60, enabled: false });
});

test('one rule is set, the others stay as they are', () => {
  const rules: Rules = {
    rules: [rule('lag', { threshold: 60 }), rule('failed', {})],
    task_overrides: { a: { lag: { threshold: 5 } } },
    version: 3,
  };
  expect(withDefault(rules, 'failed', { repeat: '4h', for: '' })).toEqual({
    defaults: { lag: { threshold: 60 }, failed: { repeat: '4h' } },
    tasks: { a: { lag: { threshold: 5 } } },
  });
  expect(withDefault(rules, 'lag', {}).defaults).toEqual({});
});

test('a task that sets nothing of a rule does not name it', () => {
  expect(withRule({ lag: { threshold: 5 } }, 'failed', { enabled: false })).toEqual({
    lag: { threshold: 5 },
    failed: { enabled: false },
  });
  expect(withRule({ lag: { threshold: 5 } }, 'lag', {})).toEqual({});
});
