// What the Server answers when it refuses: `application/problem+json`.

/** One thing that is wrong with what was sent. */
export interface ProblemDetail {
  key: string;
  problem: string;
  hint: string;
}

/** A refused or failed request: a stable `code`, what was wrong, and what to do. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly hint: string,
    readonly errors: readonly ProblemDetail[] = [],
    /** Only of `not_signed_in`: the Server has no user yet. */
    readonly setupNeeded = false,
  ) {
    super(detail);
    this.name = 'ProblemError';
  }
}

/** The code of a problem that never reached the Server, or came back from something else than it. */
export const UNREACHABLE = 'server_unreachable';

const text = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise);

function detailsOf(value: unknown): ProblemDetail[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return [];
    const { key, problem, hint } = one as Record<string, unknown>;
    return [{ key: text(key, ''), problem: text(problem, ''), hint: text(hint, '') }];
  });
}

/** The problem in an answer's body, whatever that is. */
export function problemOf(status: number, body: unknown): ProblemError {
  if (typeof body !== 'object' || body === null) {
    return new ProblemError(status, status >= 500 || status === 0 ? UNREACHABLE : 'unknown', `HTTP ${status}`, '');
  }
  const members = body as Record<string, unknown>;
  return new ProblemError(
    status,
    text(members['code'], 'unknown'),
    text(members['detail'], `HTTP ${status}`),
    text(members['hint'], ''),
    detailsOf(members['errors']),
    members['setup_needed'] === true,
  );
}

/** Whatever was thrown, as a problem. `fetch` throws a TypeError when nobody answers. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof TypeError) return new ProblemError(0, UNREACHABLE, error.message, '');
  return new ProblemError(0, 'unknown', error instanceof Error ? error.message : String(error), '');
}
