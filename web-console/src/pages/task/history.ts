// A task's history as the charts take it.
import type { History } from '../../api/task';

export const RANGES = [
  { key: '30m', seconds: 1_800 },
  { key: '6h', seconds: 21_600 },
  { key: '7d', seconds: 604_800 },
] as const;
export type Range = (typeof RANGES)[number]['key'];

export type SeriesName = keyof History['series'];

/** The times of all series (they share them) in seconds since 1970. */
export function times(history: History): number[] {
  return history.series.lag_seconds.map(([time]) => time);
}

/** The values of one series at these times; what is missing is a gap. */
export function values(history: History, name: SeriesName): (number | null)[] {
  const known = new Map(history.series[name]);
  return times(history).map((time) => known.get(time) ?? null);
}

export interface Live {
  /** Seconds since 1970. */
  at: number;
  values: Record<SeriesName, number | null>;
}

/** The history with what was seen since, a point a step at most. */
export function withLive(history: History, live: readonly Live[]): History {
  let last = times(history).at(-1) ?? 0;
  const series = { ...history.series };
  for (const point of live) {
    if (point.at < last + history.step_seconds) continue;
    last = point.at;
    for (const name of Object.keys(series) as SeriesName[]) {
      series[name] = [...series[name], [point.at, point.values[name]]];
    }
  }
  return { ...history, series };
}

/** The history from when the task first said anything: a new one is no half hour old. */
export function sinceKnown(history: History): History {
  const known = (Object.keys(history.series) as SeriesName[]).flatMap((name) =>
    history.series[name].filter(([, value]) => value !== null).map(([time]) => time),
  );
  const first = known.reduce((least, time) => Math.min(least, time), Infinity);
  const series = { ...history.series };
  for (const name of Object.keys(series) as SeriesName[]) {
    series[name] = series[name].filter(([time]) => time >= first);
  }
  return { ...history, series };
}
