import { describe, expect, it } from 'vitest';
import type { FieldError } from './spec';
import {
  changedTo,
  changesOf,
  isRepeated,
  shapeErrors,
  shownChanges,
  unplacedErrors,
  withChanges,
  withSetting,
  type Change,
  type Route,
} from './shapes';

const route: Route = {
  from: 'shop.*',
  where: 'id > 1',
  rename: { name: 'title' },
  add: { region: 'eu', active: true, level: 3 },
  cast: { amount: 'char' },
  mask: { email: { hash: { env: 'SALT' } }, phone: { keep: 4 }, note: { constant: '' } },
};

describe('what a route does to columns', () => {
  it('is a row each, and is written back as it was', () => {
    const changes = changesOf(route);
    expect(changes.map(({ does, column }) => `${does} ${column}`)).toEqual([
      'rename name',
      'add region',
      'add active',
      'add level',
      'cast amount',
      'hash email',
      'keep phone',
      'constant note',
    ]);
    expect(withChanges(route, changes)).toEqual(route);
    expect(changesOf({ from: 'a.b' })).toEqual([]);
  });

  it('vanishes with its last row, and nothing else does', () => {
    expect(withChanges(route, [])).toEqual({ from: 'shop.*', where: 'id > 1' });
    const left = withChanges(
      route,
      changesOf(route).filter(({ does }) => does === 'keep'),
    );
    expect(left).toEqual({ from: 'shop.*', where: 'id > 1', mask: { phone: { keep: 4 } } });
  });

  it('stays where the form does not know it', () => {
    const newer = { from: 'a.b', cast: { x: 'date', y: 'char' }, mask: { z: { shuffle: 1 } }, sort: 'x', rename: 7 };
    const odd = newer as unknown as Route;
    expect(changesOf(odd)).toEqual([{ column: 'y', does: 'cast', to: 'char' }]);
    expect(withChanges(odd, [])).toEqual({ ...newer, cast: { x: 'date' } });
    expect(withChanges(odd, [{ column: 'q', does: 'keep', characters: 2 }])).toEqual({
      ...newer,
      cast: { x: 'date' },
      mask: { z: { shuffle: 1 }, q: { keep: 2 } },
    });
  });

  it('is not written for a row without a name, or for one that would overwrite an earlier', () => {
    const changes: Change[] = [
      { column: 'a', does: 'keep', characters: 1 },
      { column: 'a', does: 'rename', to: 'b' },
      { column: 'a', does: 'constant', constant: 0 },
      { column: '', does: 'rename', to: 'c' },
    ];
    expect(changes.map((_, at) => isRepeated(changes, at))).toEqual([false, false, true, false]);
    expect(withChanges({ from: 'x.y' }, changes)).toEqual({
      from: 'x.y',
      rename: { a: 'b' },
      mask: { a: { keep: 1 } },
    });
  });

  it('is shown as it was written, until the route says something else', () => {
    const unfinished: Change[] = [changedTo('hash', { column: '' }), { column: 'a', does: 'rename', to: '' }];
    const now = withChanges({ from: 'x.y' }, unfinished);
    expect(shownChanges(now, unfinished)).toBe(unfinished);
    expect(shownChanges(route, unfinished)).toEqual(changesOf(route));
  });
});

describe('a setting of a route', () => {
  it('is left out when it is empty', () => {
    expect(withSetting(route, 'where', '')).not.toHaveProperty('where');
    expect(withSetting({ from: 'a.b' }, 'drop', ['x'])).toEqual({ from: 'a.b', drop: ['x'] });
    expect(withSetting({ from: 'a.b', drop: ['x'] }, 'drop', [])).toEqual({ from: 'a.b' });
  });
});

describe('what is wrong with a route', () => {
  const error = (key: string): FieldError => ({ key, problem: 'p', hint: 'h' });
  const errors = [
    'route[0].where',
    'route[0].mask.email.hash',
    'route[0].mask.a',
    'route[0].from',
    'route[1].drop',
  ].map(error);
  it('is shown at a field, or at the route', () => {
    expect(shapeErrors(errors, 0).map(({ key }) => key)).toEqual([
      'route[0].where',
      'route[0].mask.email.hash',
      'route[0].mask.a',
    ]);
    const changes = changesOf(route);
    expect(unplacedErrors(errors, 0, changes).map(({ key }) => key)).toEqual(['route[0].mask.a']);
    // The Server names some columns in small letters.
    expect(unplacedErrors(errors, 0, [...changes, { column: 'A', does: 'keep', characters: 1 }])).toEqual([]);
    expect(unplacedErrors(errors, 1, [])).toEqual([]);
  });
});
