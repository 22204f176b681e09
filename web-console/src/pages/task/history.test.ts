import { expect, test } from 'vitest';
import type { History } from '../../api/task';
import { sinceKnown, times, values, withLive, type Live } from './history';

const history: History = {
  step_seconds: 5,
  series: {
    lag_seconds: [
      [100, 0],
      [105, null],
    ],
    rows_per_second: [[100, 7]],
    transactions_per_second: [],
    bytes_per_second: [],
    queue_bytes: [],
  },
  states: [],
};
const live = (at: number, lag: number | null): Live => ({
  at,
  values: { lag_seconds: lag, rows_per_second: 1, transactions_per_second: 1, bytes_per_second: 1, queue_bytes: 1 },
});

test('series share their times, and what is missing is a gap', () => {
  expect(times(history)).toEqual([100, 105]);
  expect(values(history, 'lag_seconds')).toEqual([0, null]);
  expect(values(history, 'rows_per_second')).toEqual([7, null]);
});

test('what was seen since is a tail, a point a step', () => {
  const longer = withLive(history, [live(103, 9), live(106, 9), live(110, 1), live(112, 2), live(116, null)]);
  expect(times(longer)).toEqual([100, 105, 110, 116]);
  expect(values(longer, 'lag_seconds')).toEqual([0, null, 1, null]);
});

test('a new task has no past', () => {
  const unknown = (...at: number[]) => at.map((time): [number, null] => [time, null]);
  const series = { ...history.series, lag_seconds: [...unknown(90, 95), ...history.series.lag_seconds] };
  expect(times(sinceKnown({ ...history, series }))).toEqual([100, 105]);
  const silent = { ...history.series, lag_seconds: unknown(90), rows_per_second: [] };
  expect(times(sinceKnown({ ...history, series: silent }))).toEqual([]);
});
