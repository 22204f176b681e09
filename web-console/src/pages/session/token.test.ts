import { expect, test } from 'vitest';
import { tokenOf } from './token';

test.each([
  ['#token=abc', 'abc'],
  ['#token=a%2Bb&x=1', 'a+b'],
  ['#x=1', ''],
  ['', ''],
])('%s holds %j', (hash, token) => expect(tokenOf(hash)).toBe(token));
