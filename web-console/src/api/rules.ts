// Rules: when the Monitor raises an alert, and how that is set.
import { queryOptions } from '@tanstack/react-query';
import type { Severity } from './alerts';
import { pending } from './client';
import { keys } from './keys';
import { tag } from './specs';

/** What is set otherwise than by default; what is left out is as by default. */
export interface RuleSetting {
  enabled?: boolean;
  severity?: Severity;
  for?: string;
  threshold?: number;
  clear?: number;
  keep?: string;
  repeat?: string;
}

export interface Rule {
  rule: string;
  title: string;
  about: 'task' | 'core' | 'coordination' | 'channel' | 'monitor';
  /** When it fires, in a sentence. */
  meaning: string;
  severity: Severity;
  enabled: boolean;
  for?: string | null;
  threshold?: number | null;
  clear?: number | null;
  unit?: string | null;
  keep?: string | null;
  repeat?: string | null;
  defaults: RuleSetting;
  /** How many tasks have a setting of their own. */
  overrides: number;
}

export interface Rules {
  rules: Rule[];
  task_overrides: Record<string, Record<string, RuleSetting>>;
  version: number;
}

export const rulesQuery = queryOptions({ queryKey: keys.rules, queryFn: () => pending<Rules>('GET', '/rules') });

export interface Overrides {
  defaults: Record<string, RuleSetting>;
  tasks: Record<string, Record<string, RuleSetting>>;
}

export const saveRules = (version: number, body: Overrides) =>
  pending<Rules>('PUT', '/rules', { body, headers: { 'If-Match': tag(version) } });

export const saveTaskRules = (task: string, body: Record<string, RuleSetting>) =>
  pending<unknown>('PUT', `/tasks/${encodeURIComponent(task)}/rules`, { body });
