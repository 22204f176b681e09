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

const STATES: readonly Alert['state'][] = ['firing', 'pending', 'resolved'];

/** What needs somebody first: firing before pending, nobody's before somebody's, the worse, then the newer. */
export function inOrder(alerts: readonly Alert[]): Alert[] {
  const rank = (alert: Alert): number =>
    STATES.indexOf(alert.state) * 100 +
    (alert.acknowledged || (alert.silenced_by?.length ?? 0) > 0 ? 10 : 0) +
    SEVERITIES.indexOf(alert.severity);
  return [...alerts].sort((one, other) => rank(one) - rank(other) || Date.parse(other.since) - Date.parse(one.since));
}
