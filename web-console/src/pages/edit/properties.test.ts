import { expect, it } from 'vitest';
import { propertiesOf, propertiesText } from './properties';

it.each([
  ['', {}, null],
  ['a = b', { a: 'b' }, null],
  ['a=b=c\n\n# said\n c = ', { a: 'b=c', c: '' }, null],
  ['a = b\nsecurity', { a: 'b' }, 'security'],
  ['= b', {}, '= b'],
])('%j is read', (text, properties, unfinished) => {
  expect(propertiesOf(text)).toEqual({ properties, unfinished });
  expect(propertiesOf(propertiesText(properties)).properties).toEqual(properties);
});
