import { expect, it } from 'vitest';
import { LATEST, startFields, startOf, type Start } from './start';

it.each([
  'latest',
  'earliest',
  { gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-23' },
  { file: 'bin.000042', offset: 4 },
  { time: '2026-11-22T08:00:00Z' },
])('%j goes through the form unchanged', (start) => {
  expect(startOf(startFields(start as Start))).toEqual(start);
});

it('is nothing while something is missing', () => {
  for (const kind of ['gtid', 'position', 'time'] as const) expect(startOf({ ...LATEST, kind })).toBeNull();
  expect(startOf(startFields(undefined))).toBe('latest');
});
