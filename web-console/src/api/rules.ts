// Rules: when the Monitor raises an alert, and how that is set.
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import { keys } from './keys';
import type { components } from './schema';
import { tag } from './specs';

type Schemas = components['schemas'];

/** What is set otherwise than by default; what is left out is as by default. */
export type RuleSetting = Schemas['RuleSettingDocument'];

export type Rule = Schemas['RuleView'];
export type Rules = Schemas['RuleList'];

export const rulesQuery = queryOptions({ queryKey: keys.rules, queryFn: () => answer(api.GET('/api/v1/rules')) });

export type Overrides = Required<Schemas['RuleSettingsDocument']>;

export const saveRules = (version: number, body: Overrides) =>
  answer(api.PUT('/api/v1/rules', { params: { header: { 'If-Match': tag(version) } }, body }));

export const saveTaskRules = (task: string, body: Record<string, RuleSetting>) =>
  answer(api.PUT('/api/v1/tasks/{name}/rules', { params: { path: { name: task } }, body }));
