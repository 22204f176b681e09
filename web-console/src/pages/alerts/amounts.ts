// Amounts of an alert with their unit, and the order in which alerts are read.
import type { Alert } from '../../api/alerts';
import { formatAmount, formatBytes, formatDuration } from '../../kit/format';
import { SEVERITIES } from '../../kit/SeverityPill';

/** A value or threshold as people read it; null where there is none. */
export function amountText(value: number | null | undefined, unit: string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (unit === 'seconds' || unit === 's') return formatDuration(value);
  if (unit === 'bytes') return formatBytes(value);
  return unit && unit !== 'count' ? `${formatAmount(value)} ${unit}` : formatAmount(value);
}

const SPAN_SECONDS = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** A span as the API writes it (`90s`, `30m`), as people read it; null for none, and for one of no time. */
export function spanText(span: string | null | undefined): string | null {
  const [, number, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(span ?? '') ?? [];
  if (number === undefined || unit === undefined) return span ?? null;
  const seconds = Number(number) * SPAN_SECONDS[unit as keyof typeof SPAN_SECONDS];
  return seconds === 0 ? null : formatDuration(seconds);
}

const STATES: readonly Alert['state'][] = ['firing', 'pending', 'resolved'];

/** What needs somebody first: firing before pending, nobody's before somebody's, the worse, then the newer. */
export function inOrder(alerts: readonly Alert[]): Alert[] {
  const rank = (alert: Alert): number =>
    STATES.indexOf(alert.state) * 100 +
    (alert.acknowledged || (alert.silenced_by?.length ?? 0) > 0 ? 10 : 0) +
    SEVERITIES.indexOf(alert.severity);
  return [...alerts].sort(
    (one, other) => rank(one) - rank(other) || Date.parse(other.since ?? '') - Date.parse(one.since ?? ''),
  );
}
