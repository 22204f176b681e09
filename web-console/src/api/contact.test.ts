import { expect, test } from 'vitest';
import { eventsAre, heard, judge, readContact, STALE_AFTER_MS } from './contact';

test('silence makes what is shown stale, a word makes it fresh', () => {
  judge(1);
  expect(readContact().stale).toBe(false);
  heard(1_000);
  judge(1_000 + STALE_AFTER_MS);
  expect(readContact().stale).toBe(false);
  judge(1_001 + STALE_AFTER_MS);
  expect(readContact()).toMatchObject({ stale: true, heardAt: 1_000 });
  eventsAre(true);
  heard(20_000);
  expect(readContact()).toEqual({ stale: false, heardAt: 20_000, events: true });
});
