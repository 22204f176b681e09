// Where a task begins, or is to go on from: as stored, and as the fields of a form.

import type { components } from '../../api/schema';

export type Start = components['schemas']['RewindStart'];
export type StartKind = 'latest' | 'earliest' | 'gtid' | 'position' | 'time';

export interface StartFields {
  kind: StartKind;
  gtid: string;
  file: string;
  offset: number | '';
  time: string;
}

export const LATEST: StartFields = { kind: 'latest', gtid: '', file: '', offset: '', time: '' };

export function startFields(start: Start | null | undefined): StartFields {
  if (start === null || start === undefined) return LATEST;
  if (typeof start === 'string') return { ...LATEST, kind: start };
  const { gtid, file, offset, time } = start as { gtid?: string; file?: string; offset?: number; time?: string };
  if (gtid !== undefined) return { ...LATEST, kind: 'gtid', gtid };
  if (time !== undefined) return { ...LATEST, kind: 'time', time };
  return { ...LATEST, kind: 'position', file: file ?? '', offset: offset ?? '' };
}

/** What the fields mean, or null while one that is needed is empty. */
export function startOf({ kind, gtid, file, offset, time }: StartFields): Start | null {
  switch (kind) {
    case 'latest':
    case 'earliest':
      return kind;
    case 'gtid':
      return gtid.trim() === '' ? null : { gtid: gtid.trim() };
    case 'position':
      return file.trim() === '' || offset === '' ? null : { file: file.trim(), offset };
    case 'time':
      return time.trim() === '' ? null : { time: time.trim() };
  }
}
