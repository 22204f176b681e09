// Numbers and times as people read them.

/** `0 s`, `0.8 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`: never more than two units. */
export function formatDuration(seconds: number): string {
  if (seconds < 0) return formatDuration(0);
  if (seconds === 0) return '0 s';
  if (seconds < 10) return `${seconds < 0.05 ? '<0.1' : seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor((whole % 86_400) / 3_600), 'h'],
    [Math.floor((whole % 3_600) / 60), 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

/** `12 B`, `3.4 KiB`, `120 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `0`, `0.4`, `17`, `1.2 k`, `34 k`, `5.1 M`. */
export function formatAmount(amount: number): string {
  if (amount === 0) return '0';
  if (amount < 10 && !Number.isInteger(amount)) return amount < 0.05 ? '<0.1' : amount.toFixed(1);
  if (amount < 1_000) return String(Math.round(amount));
  const [divisor, unit] = amount < 1_000_000 ? [1_000, 'k'] : amount < 1e9 ? [1_000_000, 'M'] : [1e9, 'G'];
  const shown = amount / divisor;
  return `${shown < 10 ? shown.toFixed(1) : Math.round(shown)} ${unit}`;
}

/** A whole number with the language's separators. */
export function formatCount(count: number, language: string): string {
  return new Intl.NumberFormat(language).format(count);
}

/** `12:03:04` */
export function formatClock(at: Date, language: string): string {
  return at.toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
}

/** Date and time to the second, local. */
export function formatMoment(at: Date, language: string): string {
  return at.toLocaleString(language, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}

/** Labels under an axis of time (seconds since 1970): `12:03`, with the date where a day begins; days alone as dates. */
export function formatTicks(ticks: readonly number[], language: string): string[] {
  const day = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' });
  const apart = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  const second: Intl.DateTimeFormatOptions = apart < 60 ? { second: '2-digit' } : {};
  const clock = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...second,
  });
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    const isMidnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
    return isMidnight ? day.format(at) : clock.format(at);
  });
}

const STEPS: [number, Intl.RelativeTimeFormatUnit][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

const CLOCKS_DIFFER_S = 5;

/** `5 minutes ago`, `in 2 hours`, in the language. */
export function formatAgo(at: number, now: number, language: string): string {
  // Clocks differ a little: what has just happened is not yet to come.
  const ahead = Math.round((at - now) / 1000);
  const seconds = ahead > 0 && ahead < CLOCKS_DIFFER_S ? 0 : ahead;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  for (const [size, unit] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, 'second');
}

/** A cell of a CSV file. What a spreadsheet would take for a formula is kept from being one. */
export function csvCell(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
