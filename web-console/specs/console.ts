// What specs share: `test` with a page of the stage's Server, signed in as somebody, and the API beside it.
import { test as base, expect, type Page } from '@playwright/test';
import { stage } from './stage';

export { expect } from '@playwright/test';

export const ROLES = ['admin', 'operator', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Each user is called as its role. */
export const passwordOf = (role: Role): string => `the password of ${role}`;

interface Options {
  /** Who is signed in when a spec begins; null for nobody. */
  role: Role | null;
}

export const test = base.extend<Options>({
  role: ['admin', { option: true }],
  // Playwright wants the fixtures that are used named, even if there are none.
  // eslint-disable-next-line no-empty-pattern
  baseURL: async ({}, use) => {
    await use(stage().server);
  },
  storageState: async ({ role }, use) => {
    await use({ cookies: role === null ? [] : [await cookieOf(role)], origins: [] });
  },
});

interface Cookie {
  name: string;
  value: string;
  domain: string;
  path: string;
  expires: number;
  httpOnly: boolean;
  secure: boolean;
  sameSite: 'Strict';
}

const cookies = new Map<Role, Cookie>();

/** A session of a role, made once for each worker. */
async function cookieOf(role: Role): Promise<Cookie> {
  const known = cookies.get(role);
  if (known) return known;
  const response = await fetch(`${stage().server}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-replicator-csrf': '1' },
    body: JSON.stringify({ user: role, password: passwordOf(role) }),
  });
  const [name, value] = (response.headers.getSetCookie()[0] ?? '').split(';')[0]?.split('=') ?? [];
  if (!response.ok || !name || !value) throw new Error(`sign-in of ${role}: ${await response.text()}`);
  const cookie: Cookie = {
    name,
    value,
    domain: new URL(stage().server).hostname,
    path: '/',
    expires: -1,
    httpOnly: true,
    secure: false,
    sameSite: 'Strict',
  };
  cookies.set(role, cookie);
  return cookie;
}

/** Sends a request as `role`; the response as it is. */
export async function send(
  role: Role,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { name, value } = await cookieOf(role);
  return await fetch(`${stage().server}/api/v1${path}`, {
    method,
    headers: { cookie: `${name}=${value}`, 'content-type': 'application/json', 'x-replicator-csrf': '1', ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

/** Calls the API as the administrator; what it answers, and an error where it refuses. */
export async function call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send('admin', method, path, body);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

interface Status {
  state: string;
  running?: { core: string; epoch: number } | null;
}

export async function status(task: string): Promise<Status> {
  return await call<Status>('GET', `/tasks/${task}/status`);
}

export async function reaches(task: string, state: string): Promise<void> {
  await expect
    .poll(async () => (await status(task)).state, { timeout: 60_000, message: `${task} is ${state}` })
    .toBe(state);
}

/** The spec of a task from the stage's source to its target. */
export function specOf(name: string, producer: object = {}, rest: object = {}): Record<string, unknown> {
  const { source, target } = stage();
  return {
    name,
    group: 'group1',
    producer: { ...source, tables: ['shop.items'], ...producer },
    consumer: { kind: 'mysql', ...target },
    ...rest,
  };
}

/** Makes a task and waits until it runs. */
export async function runTask(name: string, producer: object = {}, rest: object = {}): Promise<void> {
  await call('POST', '/tasks?desired=running', specOf(name, producer, rest));
  await reaches(name, 'running');
}

/** Stops and removes a task, so that specs after it are not held up by it. */
export async function removeTask(name: string): Promise<void> {
  await call('POST', `/tasks/${name}/stop`);
  await reaches(name, 'stopped');
  const response = await send('admin', 'GET', `/tasks/${name}`);
  const { version } = (await response.json()) as { version: number };
  await send('admin', 'DELETE', `/tasks/${name}`, undefined, { 'if-match': `"${String(version)}"` });
}

/** Follows a link of the navigation. */
export async function open(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
}
