// Whether a task would work, asked before it is started.

import { pending } from './client';
import type { components } from './schema';

export interface Check {
  code: string;
  about: 'source' | 'target' | 'kafka' | 'coordination' | 'task';
  state: 'passed' | 'warning' | 'failed' | 'skipped';
  title: string;
  found: string;
  why: string;
  /** The exact statement that mends it. */
  fix?: string | null;
  millis: number;
}

export interface PreflightResult {
  checks: Check[];
  passed: number;
  warnings: number;
  failed: number;
}

export function runPreflight(body: {
  spec: components['schemas']['TaskDocument'];
  task?: string | undefined;
  checks?: string[] | undefined;
}): Promise<PreflightResult> {
  return pending('POST', '/preflight', { body });
}
