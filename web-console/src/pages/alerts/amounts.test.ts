import { expect, test } from 'vitest';
import type { Alert } from '../../api/alerts';
import { amountText, inOrder, spanText } from './amounts';

test.each([
  [42, 'seconds', '42 s'],
  [2048, 'bytes', '2.0 KiB'],
  [3, 'standbys', '3 standbys'],
  [3, null, '3'],
  [3, 'count', '3'],
  [0, 'seconds', '0 s'],
  [null, 'seconds', null],
])('%s %s reads %s', (value, unit, text) => {
  expect(amountText(value, unit)).toBe(text);
});

test('what needs somebody comes first', () => {
  const alert = (id: string, rest: Partial<Alert>): Alert => ({
    id,
    rule: 'r',
    severity: 'warning',
    state: 'firing',
    subject: { kind: 'task' },
    since: '2026-11-22T08:00:00Z',
    reason: '',
    hint: '',
    ...rest,
  });
  const alerts = [
    alert('over', { state: 'resolved', severity: 'critical' }),
    alert('taken', { acknowledged: { by: 'a', at: '', note: '' }, severity: 'critical' }),
    alert('old', {}),
    alert('new', { since: '2026-11-22T09:00:00Z' }),
    alert('worst', { severity: 'critical' }),
    alert('soon', { state: 'pending', severity: 'critical' }),
  ];
  expect(inOrder(alerts).map(({ id }) => id)).toEqual(['worst', 'new', 'old', 'taken', 'soon', 'over']);
});

test.each([
  ['0ms', null],
  [null, null],
  ['30s', '30 s'],
  ['90m', '1 h 30 min'],
  ['1d', '1 d'],
  ['whenever', 'whenever'],
])('the span %s is %s', (span, shown) => expect(spanText(span)).toBe(shown));
