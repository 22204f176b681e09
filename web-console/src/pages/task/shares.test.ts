import { expect, test } from 'vitest';
import { shares } from './shares';

test('segments share the whole time', () => {
  const at = (minute: number) => `2026-11-22T08:0${minute}:00Z`;
  const states = [
    { from: at(0), to: at(3), state: 'running' as const },
    { from: at(3), to: at(4), state: 'failed' as const },
  ];
  expect(shares(states).map(({ share }) => share)).toEqual([0.75, 0.25]);
  expect(shares([{ from: at(1), to: at(1), state: 'running' }])[0]?.share).toBe(1);
  expect(shares([])).toEqual([]);
});
