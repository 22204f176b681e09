// Talking to the Server. Every request of the console passes here.
import createClient, { type Middleware } from 'openapi-fetch';
import { heard } from './contact';
import { problemOf } from './problem';
import type { paths } from './schema';

/** With the cookie, whatever changes something needs this header: a page of another site can't set it. */
const CSRF = 'X-Replicator-Csrf';

const contact: Middleware = {
  onRequest({ request }) {
    request.headers.set(CSRF, '1');
    return request;
  },
  onResponse({ response }) {
    if (response.status < 500) heard();
  },
};

/** Typed by `server/openapi.json`; wrap each call in [`answer`]. */
export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin' });
api.use(contact);

/** What was answered, or throws the problem that was. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemOf(response.status, error);
  return data as T;
}

/** As [`answer`], with the ETag that an edit sends back as If-Match. */
export async function answerWithTag<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<{ data: T; etag: string }> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemOf(response.status, error);
  return { data: data as T, etag: response.headers.get('ETag') ?? '' };
}
