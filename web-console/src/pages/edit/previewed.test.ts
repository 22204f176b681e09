import { describe, expect, it } from 'vitest';
import type { PreviewedTable } from '../../api/preview';
import { laidOut, previewSpec, routed } from './previewed';
import { emptySpec } from './spec';

const table: PreviewedTable = {
  source: 'shop.user',
  target: 'w.user',
  columns: [
    { source: 'id', target: 'id', treatment: 'copied' },
    { source: 'name', target: 'title', treatment: 'copied' },
    { source: 'email', target: 'email', treatment: 'masked: a hash' },
    { source: null, target: 'o', treatment: 'added: a constant' },
    { source: 'secret', target: null, treatment: 'dropped' },
  ],
  rows: [
    { arrives: true, before: ['1', 'n', 'a@b', null, 's'], values: ['1', 'n', 'f00', 'x'] },
    { arrives: false, before: ['2', null, 'c@d', null, 't'], values: [] },
  ],
};

describe('a previewed table', () => {
  it('has what the source has on one side and what arrives on the other', () => {
    const { before, after, rows } = laidOut(table);
    expect(before.map(({ name, fate }) => [name, fate])).toEqual([
      ['id', undefined],
      ['name', undefined],
      ['email', undefined],
      ['secret', 'dropped'],
    ]);
    expect(after.map(({ name, fate }) => [name, fate])).toEqual([
      ['id', undefined],
      ['title', 'renamed'],
      ['email', 'masked'],
      ['o', 'added'],
    ]);
    expect(rows.map((row) => [row.before, row.after, row.arrives])).toEqual([
      [['1', 'n', 'a@b', 's'], ['1', 'n', 'f00', 'x'], true],
      [['2', null, 'c@d', 't'], [], false],
    ]);
  });
});

describe('a preview', () => {
  it('is asked of the tables that routes are about', () => {
    const tables = [
      { schema: 'shop', name: 'user' },
      { schema: 'hr', name: 'user' },
    ];
    expect(routed(tables, [{ from: 'shop.*' }, { from: 'not a pattern' }])).toEqual(tables.slice(0, 1));
  });

  it('needs no target, and asks for one table', () => {
    const spec = { ...emptySpec(''), route: [{ from: 'shop.*' }] };
    const asked = previewSpec(spec, { schema: 'shop', name: 'a$' });
    expect(asked).toMatchObject({ name: 'preview', consumer: { kind: 'stdout' }, route: spec.route });
    expect(asked.producer.tables).toEqual(['shop.a\\$']);
  });
});
