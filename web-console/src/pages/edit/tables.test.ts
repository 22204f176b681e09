import { describe, expect, it } from 'vitest';
import { isChosen, landing, literalPattern, matcher, toggled, treatment, wholeSchemaPattern } from './tables';

const table = (text: string): { schema: string; name: string } => {
  const [schema = '', name = ''] = text.split('.');
  return { schema, name };
};

describe('a table pattern', () => {
  // The same table as in core/model/src/table_pattern.rs.
  it.each([
    ['shop.item', 'shop.item', true],
    ['shop.item', 'shop.items', false],
    ['shop.item', 'myshop.item', false],
    ['shop.*', 'shop.anything at all', true],
    ['*.*', 'a.b', true],
    ['shop.order_*', 'shop.order_17', true],
    ['shop.order_*', 'shop.orders', false],
    ['shop.order_[0-9]+', 'shop.order_17', true],
    ['shop.order_[0-9]*', 'shop.order_', true],
    ['shop.order_[0-9]*', 'shop.order_x', false],
  ])('%s and the table %s: %s', (pattern, name, meant) => {
    expect(matcher(pattern)?.(table(name))).toBe(meant);
  });

  it.each(['shop', '.item', 'shop.', 'shop.(item'])('is not %s', (text) => {
    expect(matcher(text)).toBeNull();
  });

  it('that was made for a table means that one alone', () => {
    const odd = { schema: 'a$b', name: 'x*(1)' };
    expect(matcher(literalPattern(odd))?.(odd)).toBe(true);
    expect(matcher(literalPattern(odd))?.({ schema: 'a$b', name: 'xx(1)' })).toBe(false);
    expect(matcher(wholeSchemaPattern('a$b'))?.(odd)).toBe(true);
  });
});

describe('the tables of a task', () => {
  it('are all without patterns, less what is excluded', () => {
    expect(isChosen(table('shop.item'), undefined, [])).toBe(true);
    expect(isChosen(table('shop.item_bak'), ['shop.*'], ['*.*_bak'])).toBe(false);
    expect(isChosen(table('hr.person'), ['shop.*'], [])).toBe(false);
  });

  it('land where the first matching route says', () => {
    const routes = [
      { from: 'shop.order_*', to: 'warehouse.orders' },
      { from: 'shop.*', to: '{database}_copy.{table}' },
    ];
    expect(landing(table('shop.order_7'), routes)).toBe('warehouse.orders');
    expect(landing(table('shop.item'), routes)).toBe('shop_copy.item');
    expect(landing(table('hr.person'), routes)).toBe('hr.person');
    expect(landing(table('s_7.item_a'), [{ from: 's_([0-9]+).item_(.)', to: 'w{1}.{2}_{3}' }])).toBe('w7.a_{3}');
    expect(landing(table('shop.item'), [{ from: 'shop.*' }])).toBe('shop.item');
  });

  it('are treated as their route says, and no salt is shown', () => {
    const route = { from: 'a.b', to: 'c.d', where: 'x > 1', drop: ['y', 'z'], mask: { email: { hash: 'canary' } } };
    expect(treatment(route)).toEqual(['where: x > 1', 'drop: y, z', 'mask: email']);
    expect(treatment({ from: 'a.b' })).toEqual([]);
  });

  it('are chosen and left out again', () => {
    expect(toggled(undefined, 'shop.*')).toEqual(['shop.*']);
    expect(toggled(['shop.*'], 'shop.*')).toBeUndefined();
  });
});
