import { expect, test } from 'vitest';
import { lineOf, lineStart } from './lines';

const TOML = 'name = "a"\n\n[producer]\nhost = "h"\ntables = ["x.y"]\n\n[consumer]\nhost = "k"\n';

test.each([
  ['line 5', '', 5],
  ['producer', 'unknown key `hots` at line 4', 4],
  ['name', '', 1],
  ['producer.host', '', 4],
  ['producer.tables[0]', '', 5],
  ['consumer.host', '', 8],
  ['consumer.port', '', null],
])('an error at %s (%s) is in line %s', (key, problem, line) => {
  expect(lineOf({ key, problem }, TOML)).toBe(line);
});

test('a line begins after those before it', () => {
  expect(TOML.slice(lineStart(TOML, 4))).toMatch(/^host = "h"/);
  expect(lineStart(TOML, 1)).toBe(0);
});
