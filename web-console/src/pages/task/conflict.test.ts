import { expect, test } from 'vitest';
import { changeLines } from './conflict';

test('a change is its kind, its row and what that was', () => {
  expect(changeLines({ type: 'UPDATE', data: [{ id: '1', n: '2' }], old: [{ n: '1' }] })).toEqual([
    'UPDATE {"id":"1","n":"2"}',
    '← {"n":"1"}',
  ]);
  expect(changeLines({ type: 'DELETE', data: [{ id: '1' }], old: null })).toEqual(['DELETE {"id":"1"}']);
});

test('what has another form is shown as it is', () => {
  expect(changeLines('no json')).toEqual(['no json']);
  expect(changeLines({ data: 1 })).toEqual(['{"data":1}']);
});
