import { describe, expect, it } from 'vitest';
import { diffRows, unifiedDiff } from './diff';

describe('a unified diff', () => {
  it('becomes rows with the line numbers of both sides', () => {
    const rows = diffRows('--- 1\n+++ 2\n@@ -1,3 +1,3 @@\n name\n-old\n+new\n end\n');
    expect(rows).toEqual([
      { kind: 'hunk', text: '@@ -1,3 +1,3 @@' },
      { kind: 'same', from: 1, to: 1, text: 'name' },
      { kind: 'removed', from: 2, text: 'old' },
      { kind: 'added', to: 2, text: 'new' },
      { kind: 'same', from: 3, to: 3, text: 'end' },
    ]);
  });

  it('is made of two texts, with a hunk for each place that differs', () => {
    const before = Array.from({ length: 20 }, (_, line) => `line ${line + 1}`);
    const after = [...before];
    after[1] = 'two';
    after.splice(18, 0, 'between');
    const diff = unifiedDiff(before.join('\n'), after.join('\n'), 1);
    expect(diff.split('\n')).toEqual([
      '@@ -1,3 +1,3 @@',
      ' line 1',
      '-line 2',
      '+two',
      ' line 3',
      '@@ -18,2 +18,3 @@',
      ' line 18',
      '+between',
      ' line 19',
    ]);
  });

  it('of a text and itself is empty', () => {
    expect(unifiedDiff('a\nb', 'a\nb')).toBe('');
    expect(diffRows('')).toEqual([]);
  });
});
