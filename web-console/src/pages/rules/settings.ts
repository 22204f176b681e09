// What is set of a rule otherwise than by default, and the document that the API takes.
import type { Overrides, Rule, Rules, RuleSetting } from '../../api/rules';

export const SETTING_KEYS = ['enabled', 'severity', 'for', 'threshold', 'clear', 'keep', 'repeat'] as const;

/** What of a rule's values is not its default. */
export function overrideOf(rule: Rule): RuleSetting {
  const changed = SETTING_KEYS.filter((key) => {
    const value = rule[key];
    return value !== null && value !== undefined && value !== rule.defaults[key];
  });
  return Object.fromEntries(changed.map((key) => [key, rule[key]])) as RuleSetting;
}

/** The setting without what is empty. */
export function tidied(setting: RuleSetting): RuleSetting {
  return Object.fromEntries(
    Object.entries(setting).filter(
      ([, value]: [string, unknown]) => value !== undefined && value !== null && value !== '',
    ),
  ) as RuleSetting;
}

/** The document with one rule set otherwise; an empty setting takes it out. */
export function withDefault({ rules, task_overrides: tasks }: Rules, changed: string, setting: RuleSetting): Overrides {
  const defaults = rules
    .map((rule): [string, RuleSetting] => [rule.rule, rule.rule === changed ? tidied(setting) : overrideOf(rule)])
    .filter(([, one]) => Object.keys(one).length > 0);
  return { defaults: Object.fromEntries(defaults), tasks };
}

/** A task's settings with one rule set otherwise. */
export function withRule(
  settings: Readonly<Record<string, RuleSetting>>,
  changed: string,
  setting: RuleSetting,
): Record<string, RuleSetting> {
  const others = Object.entries(settings).filter(([rule]) => rule !== changed);
  const one = tidied(setting);
  return Object.fromEntries(Object.keys(one).length > 0 ? [...others, [changed, one]] : others);
}
