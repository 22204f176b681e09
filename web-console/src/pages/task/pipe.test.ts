import { expect, test } from 'vitest';
import { bytesBehind, bytesOf, parts, queueFill } from './pipe';

test.each([
  ['64 MiB', 67_108_864],
  ['1KiB', 1024],
  ['12 B', 12],
  ['12', null],
  [undefined, null],
])('%s is %s bytes', (text, bytes) => {
  expect(bytesOf(text)).toBe(bytes);
});

test('the part that holds the others up is marked, and no other', () => {
  expect(parts({ blocked: 'target' }).filter(({ blocked }) => blocked)).toEqual([{ name: 'target', blocked: true }]);
  expect(parts({ blocked: null }).some(({ blocked }) => blocked)).toBe(false);
  expect(parts({}).length).toBe(5);
});

test('a queue is never more than full, and unknown is not empty', () => {
  expect(queueFill(48, 32)).toBe(1);
  expect(queueFill(8, 32)).toBe(0.25);
  expect(queueFill(undefined, 32)).toBeNull();
});

test('bytes behind are known within a file only', () => {
  expect(bytesBehind({ file: 'a', offset: 4 }, { file: 'a', offset: 10 })).toBe(6);
  expect(bytesBehind({ file: 'a', offset: 4 }, { file: 'b', offset: 10 })).toBeNull();
  expect(bytesBehind(null, { file: 'b', offset: 10 })).toBeNull();
});
