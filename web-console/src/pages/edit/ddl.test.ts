import { expect, test } from 'vitest';
import { kindsOf, policyOf, withPolicy } from './ddl';

test('one word becomes a table when a kind is named, and a word again when none is', () => {
  const byKind = withPolicy('stop', 'add_column', 'apply');
  expect(byKind).toEqual({ default: 'stop', add_column: 'apply' });
  expect(withPolicy(byKind, 'add_column', undefined)).toBe('stop');
  expect(withPolicy(undefined, 'drop_table', 'stop')).toEqual({ drop_table: 'stop' });
  expect(withPolicy({ drop_table: 'stop' }, 'drop_table', undefined)).toBeUndefined();
  expect(withPolicy('stop', 'default', 'apply')).toBeUndefined();
  expect(withPolicy({ drop_table: 'stop' }, 'default', 'ignore')).toEqual({ drop_table: 'stop', default: 'ignore' });
});

test('what is written is read', () => {
  expect(policyOf('stop', 'default')).toBe('stop');
  expect(policyOf('stop', 'truncate')).toBeUndefined();
  expect(policyOf({ truncate: 'ignore' }, 'truncate')).toBe('ignore');
  expect(kindsOf({ view: 'stop', truncate: 'ignore' })).toEqual(['truncate', 'view']);
});
