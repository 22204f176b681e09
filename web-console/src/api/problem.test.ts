import { expect, test } from 'vitest';
import { asProblem, problemOf, UNREACHABLE } from './problem';

test('a problem is read whole', () => {
  const body = {
    code: 'spec_invalid',
    detail: 'the spec cannot work',
    hint: 'mend it',
    errors: [{ key: 'producer.port', problem: '0 is not a port', hint: 'use 3306' }, 'odd'],
  };
  const problem = problemOf(422, body);
  expect(problem).toMatchObject({ status: 422, code: 'spec_invalid', hint: 'mend it', setupNeeded: false });
  expect(problem.errors).toEqual([{ key: 'producer.port', problem: '0 is not a port', hint: 'use 3306' }]);
  expect(problemOf(401, { code: 'not_signed_in', setup_needed: true }).setupNeeded).toBe(true);
});

test('what is no problem document is told apart from a refusal', () => {
  expect(problemOf(502, '<html>').code).toBe(UNREACHABLE);
  expect(problemOf(404, undefined).code).toBe('unknown');
  expect(asProblem(new TypeError('Failed to fetch')).code).toBe(UNREACHABLE);
});
