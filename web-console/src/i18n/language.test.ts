import { expect, test } from 'vitest';
import { choose } from './language';

test.each([
  [['zh-CN', 'en'], 'zh'],
  [['fr', 'zh-Hant-TW'], 'zh'],
  [['en-GB', 'zh'], 'en'],
  [['fr', 'de'], 'en'],
  [[], 'en'],
])('of %j it chooses %s', (preferred, language) => {
  expect(choose(preferred)).toBe(language);
});
