// What specs do to the stage: SQL, kill, freeze, start, write. The other end is tests/stage/levers.rs.
import { expect } from '@playwright/test';
import { stage } from './stage';

type Database = 'source' | 'target';
type Act = 'kill' | 'end' | 'start' | 'freeze' | 'thaw';

/** What came to the webhook's receiver. */
export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly status: number;
}

async function pull(lever: string, body?: unknown): Promise<Response> {
  const response = await fetch(`${stage().levers}${lever}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${lever}: ${await response.text()}`);
  return response;
}

/** The rows of a statement, values as the server writes them. */
export async function sql(on: Database, statement: string): Promise<(string | null)[][]> {
  const response = await pull(`/databases/${on}/query`, { sql: statement });
  return (await response.json()) as (string | null)[][];
}

/** The first value of the first row. */
export async function value(on: Database, statement: string): Promise<string | null> {
  const rows = await sql(on, statement);
  return rows[0]?.[0] ?? null;
}

export async function database(name: Database, act: Exclude<Act, 'end'>): Promise<void> {
  await pull(`/databases/${name}/${act}`);
}

export async function program(name: string, act: Act): Promise<void> {
  await pull(`/programs/${name}/${act}`);
}

/** Inserts into `shop.orders` of the source, two rows a transaction; 0 ends it. */
export async function write(transactionsPerSecond: number): Promise<void> {
  await pull('/writer', { transactions_per_second: transactionsPerSecond });
}

export async function webhooks(): Promise<Received[]> {
  const response = await fetch(`${stage().levers}/webhooks`);
  return (await response.json()) as Received[];
}

export async function log(name: string): Promise<string> {
  const response = await fetch(`${stage().levers}/programs/${name}/log`);
  return await response.text();
}

/** Waits until both servers answer the same to a question, and something. */
export async function equal(question: string): Promise<void> {
  await expect
    .poll(async () => JSON.stringify(await sql('target', question)), { timeout: 60_000 })
    .toBe(JSON.stringify(await sql('source', question)));
}
