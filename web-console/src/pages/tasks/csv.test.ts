import { expect, test } from 'vitest';
import { tasksCsv } from './csv';
import { tasksSearch } from './search';

test('a task is a line, what is not known is empty', () => {
  const csv = tasksCsv([
    {
      name: 'copy',
      group: 'g1',
      version: 1,
      source: { kind: 'mysql', address: 'db1:3306' },
      target: { kind: 'kafka', address: 'k1:9092,k2:9092' },
      desired: { state: 'running', generation: 1 },
      state: 'failed',
      standbys: 0,
      explanation: { code: 'x', reason: '=cmd', hint: '' },
    },
  ]);
  expect(csv.split('\r\n')[1]).toBe(`copy,g1,failed,running,mysql db1:3306,"kafka k1:9092,k2:9092",,0,,,'=cmd`);
});

test('what an address says wrong is left out', () => {
  expect(tasksSearch({ search: 'a', group: '', state: 'broken', sort: 'lag', after: 3 })).toEqual({
    search: 'a',
    sort: 'lag',
  });
});
