// Preflight checks in the order in which they are read.
import type { Check } from '../../api/preflight';

const ABOUT: readonly Check['about'][] = ['task', 'coordination', 'source', 'target', 'kafka'];
const STATES: readonly Check['state'][] = ['failed', 'warning', 'skipped', 'passed'];

/** By what they are about; in a group what needs someone comes first. */
export function byAbout(checks: readonly Check[]): [Check['about'], Check[]][] {
  return ABOUT.map((about): [Check['about'], Check[]] => [
    about,
    checks
      .filter((check) => check.about === about)
      .sort((one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state)),
  ]).filter(([, group]) => group.length > 0);
}

/** The checks with those that were run again in their places; one that is new comes last. */
export function merged(known: readonly Check[], again: readonly Check[]): Check[] {
  const fresh = new Map(again.map((check) => [check.code, check]));
  const kept = known.map((check) => fresh.get(check.code) ?? check);
  return [...kept, ...again.filter(({ code }) => !known.some((check) => check.code === code))];
}

export function counted(checks: readonly Check[]): Record<Check['state'], number> {
  const counts = { passed: 0, warning: 0, failed: 0, skipped: 0 };
  for (const { state } of checks) counts[state] += 1;
  return counts;
}
