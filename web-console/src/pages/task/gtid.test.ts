import { describe, expect, it } from 'vitest';
import { gtidCount, gtidParts } from './gtid';

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';

describe('a GTID set', () => {
  it('is shown one server at a time, its name shortened', () => {
    expect(gtidParts(`${UUID}:1-5:7,\n${UUID.replace('3', '4')}:1`)).toEqual([
      { label: '3e11fa47…', full: `${UUID}:1-5:7`, intervals: '1-5:7' },
      { label: '4e11fa47…', full: `${UUID.replace('3', '4')}:1`, intervals: '1' },
    ]);
    expect(gtidParts('0-1-42,1-1-3').map(({ intervals }) => intervals)).toEqual(['0-1-42', '1-1-3']);
    expect(gtidParts('')).toEqual([]);
  });

  it.each([
    ['', 0],
    [`${UUID}:1-5:7`, 6],
    [`${UUID}:tag:1-3`, 3],
    [`${UUID}:1-2,${UUID}:9`, 3],
    ['0-1-42', null],
    [`${UUID}:x-y`, null],
  ])('%j names %s transactions', (set, count) => {
    expect(gtidCount(set)).toBe(count);
  });
});
