import { expect, test } from 'vitest';
import { csvCell, formatAgo, formatAmount, formatBytes, formatDuration, formatTicks } from './format';

test.each([
  [-1, '0 s'],
  [0, '0 s'],
  [0.01, '<0.1 s'],
  [0.84, '0.8 s'],
  [42.4, '42 s'],
  [185, '3 min 5 s'],
  [7_800, '2 h 10 min'],
  [3_600, '1 h'],
  [356_400, '4 d 3 h'],
])('%d seconds are %s', (seconds, shown) => expect(formatDuration(seconds)).toBe(shown));

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [3_482, '3.4 KiB'],
  [125_829_120, '120 MiB'],
])('%d bytes are %s', (bytes, shown) => expect(formatBytes(bytes)).toBe(shown));

test.each([
  [0, '0'],
  [0.4, '0.4'],
  [3, '3'],
  [999, '999'],
  [1_240, '1.2 k'],
  [34_000, '34 k'],
  [5_100_000, '5.1 M'],
])('%d is %s', (amount, shown) => expect(formatAmount(amount)).toBe(shown));

test('times are told from now', () => {
  expect(formatAgo(0, 300_000, 'en')).toBe('5 minutes ago');
  expect(formatAgo(7_200_000, 0, 'en')).toBe('in 2 hours');
  expect(formatAgo(0, 300_000, 'zh')).toBe('5分钟前');
});

test.each([
  ['a', 'a'],
  ['a,b "c"', '"a,b ""c"""'],
  ['=1+1', "'=1+1"],
  [-3, '-3'],
  [null, ''],
])('%j is %j in a CSV file', (value, cell) => expect(csvCell(value)).toBe(cell));

const local = (...at: [year: number, month: number, day: number, hour: number, minute: number, second?: number]) =>
  new Date(...at).getTime() / 1000;

test.each([
  [
    'en',
    [local(2026, 10, 22, 23, 55), local(2026, 10, 23, 0, 0), local(2026, 10, 23, 3, 5)],
    ['23:55', 'Nov 23', '03:05'],
  ],
  ['zh', [local(2026, 10, 22, 15, 0), local(2026, 10, 23, 0, 0)], ['15:00', '11月23日']],
  ['en', [local(2026, 10, 22, 15, 0, 0), local(2026, 10, 22, 15, 0, 30)], ['15:00:00', '15:00:30']],
] as const)('ticks in %s: %j are %j', (language, ticks, shown) => {
  expect(formatTicks(ticks, language)).toEqual(shown);
});
