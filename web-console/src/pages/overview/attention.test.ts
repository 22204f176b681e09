import { expect, test } from 'vitest';
import type { Attention } from '../../api/overview';
import { told } from './attention';

const one = (kind: Attention['kind'], subject: string): Attention => ({
  kind,
  subject,
  since: null,
  text: '',
  link: '/',
});

test('an alert of a task that is listed is no second line, any other one is', () => {
  const list = [
    one('task_failed', 'copy'),
    one('alert_firing', 'task_failed:copy'),
    one('alert_firing', 'task_lag_warning:copy'),
    one('alert_firing', 'task_failed:other'),
    one('alert_firing', 'coordination_away'),
  ];
  expect(told(list).map(({ rule, subject }) => [rule, subject])).toEqual([
    [undefined, 'copy'],
    ['task_lag_warning', 'copy'],
    ['task_failed', 'other'],
    [undefined, 'coordination_away'],
  ]);
});
