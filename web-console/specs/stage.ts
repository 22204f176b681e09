// Starts `replicator-stage` before the specs and ends it after them: closing its input is enough.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Where everything is: the line that the stage prints. */
export interface Stage {
  readonly server: string;
  readonly setup_token: string;
  readonly source: DatabaseEnd;
  readonly target: DatabaseEnd;
  readonly webhook: string;
  readonly programs: readonly string[];
  readonly levers: string;
}

export interface DatabaseEnd {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const START_SECONDS = 120;

function program(): string {
  const folder = process.env['REPLICATOR_BIN_DIR'] ?? path.resolve(import.meta.dirname, '../../target/debug');
  const file = path.join(folder, 'replicator-stage');
  if (!existsSync(file)) {
    throw new Error(`${file} is not there: run \`make build\`, or name its folder in REPLICATOR_BIN_DIR`);
  }
  return file;
}

export default async function start(): Promise<() => void> {
  // Somebody keeps a stage up to write specs on: `STAGE` is the line that it printed.
  if (process.env['STAGE'] !== undefined) return () => undefined;
  const child = spawn(program(), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Error(`the stage said nothing within ${String(START_SECONDS)} s`));
    }, START_SECONDS * 1000);
    lines.once('line', (text) => {
      clearTimeout(late);
      resolve(text);
    });
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`the stage ended with ${String(code)}`));
    });
  });
  process.env['STAGE'] = line;
  return () => {
    child.stdin.end();
  };
}

/** The stage that was started for these specs. */
export function stage(): Stage {
  const line = process.env['STAGE'];
  if (line === undefined) throw new Error('no stage: specs are run by `npx playwright test`');
  return JSON.parse(line) as Stage;
}
