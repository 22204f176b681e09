// What of the Server's list needs a line of its own.
import type { Attention } from '../../api/overview';

/** Of a task that is listed, these alerts say the same once more. */
const ECHOES = ['task_failed', 'no_running_instance'];

export interface Told extends Attention {
  /** The rule of an alert. */
  rule?: string;
}

/** An alert is called `rule:subject`: told apart, and left out where its task's own line says the same. */
export function told(attention: readonly Attention[]): Told[] {
  const tasks = new Set(attention.filter(({ kind }) => kind.startsWith('task_')).map(({ subject }) => subject));
  return attention.flatMap((one): Told[] => {
    const split = one.subject.indexOf(':');
    if (one.kind !== 'alert_firing' || split < 0) return [one];
    const [rule, subject] = [one.subject.slice(0, split), one.subject.slice(split + 1)];
    return ECHOES.includes(rule) && tasks.has(subject) ? [] : [{ ...one, rule, subject }];
  });
}
