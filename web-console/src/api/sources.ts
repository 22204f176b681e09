// What a source has and whether an end can be reached, asked before a task is made.

import { pending } from './client';
import type { components } from './schema';

type Producer = components['schemas']['ProducerDocument'];
type Consumer = components['schemas']['ConsumerDocument'];

export interface StageResult {
  stage: 'address' | 'connect' | 'tls' | 'login' | 'version' | 'grants';
  state: 'passed' | 'failed' | 'skipped';
  detail: string;
  hint: string;
  millis: number;
}

export interface SourceInspection {
  stages: StageResult[];
  server?: { flavor: string; version: string } | null;
  schemas: { name: string; tables: number }[];
}

export interface SourceTable {
  schema: string;
  name: string;
  columns: number;
  rows_estimate: number | null;
  primary_key: boolean;
}

export interface PatternMatches {
  patterns: { pattern: string; matches: number; sample: string[] }[];
  total: number;
  of: number;
}

/** `task` names the stored task whose password `********` stands for. */
interface Stored {
  task?: string | undefined;
}

export function inspectSource(body: Stored & { producer: Producer }): Promise<SourceInspection> {
  return pending('POST', '/sources/inspect', { body });
}

export function listSourceTables(
  body: Stored & { producer: Producer; schema?: string | undefined },
): Promise<{ tables: SourceTable[] }> {
  return pending('POST', '/sources/tables', { body });
}

export function matchTables(
  body: Stored & { producer: Producer; tables: string[] | undefined; exclude: string[] },
): Promise<PatternMatches> {
  return pending('POST', '/sources/match', { body });
}

export type ConnectionEnd = { end: 'source'; producer: Producer } | { end: 'target'; consumer: Consumer };

export function testConnection(body: Stored & ConnectionEnd): Promise<{ stages: StageResult[] }> {
  return pending('POST', '/connections/test', { body });
}
