import { expect, test } from 'vitest';
import { sparkline } from './sparkline-path';

test('gaps are not drawn over, and an idle line lies on the ground', () => {
  expect(sparkline([0, 0], 10, 12)).toBe('M0.0 11.0L10.0 11.0');
  expect(sparkline([2, null, 4], 10, 12)).toBe('M0.0 6.0M10.0 1.0');
  expect(sparkline([], 10, 12)).toBe('');
});
