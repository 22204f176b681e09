import { expect, test } from 'vitest';
import { fieldsOf, KINDS, withField, withKind } from './draft';

test('another kind keeps what it has too', () => {
  const hook = { name: 'a', kind: 'webhook' as const, url: 'https://h', secret: 's', language: 'zh' as const };
  expect(withKind(hook, 'slack')).toEqual({ name: 'a', kind: 'slack', url: 'https://h', language: 'zh' });
  expect(withKind(hook, 'email')).toEqual({ name: 'a', kind: 'email', language: 'zh' });
});

test('a field that is emptied is left out', () => {
  const hook = { name: 'a', kind: 'webhook' as const, url: 'https://h' };
  expect(withField(hook, 'link', 'https://console')).toEqual({ ...hook, link: 'https://console' });
  expect(withField({ ...hook, link: 'x' }, 'link', '')).toEqual(hook);
});

test('every kind says where it leads', () => {
  for (const kind of KINDS)
    expect(
      fieldsOf(kind).some((field) => ['url', 'urls', 'host'].includes(field)),
      kind,
    ).toBe(true);
});
