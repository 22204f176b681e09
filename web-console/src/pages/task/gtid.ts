// GTID sets as people read them.

export interface GtidPart {
  /** The server, short enough to tell it from the others. */
  label: string;
  full: string;
  intervals: string;
}

const UUID_SHOWN = 8;

/** The parts of a GTID set of MySQL (`uuid:1-5:7`) or MariaDB (`0-1-42`), one a server or domain. */
export function gtidParts(set: string): GtidPart[] {
  return set
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const colon = part.indexOf(':');
      if (colon < 0) return { label: '', full: part, intervals: part };
      const uuid = part.slice(0, colon);
      return { label: `${uuid.slice(0, UUID_SHOWN)}…`, full: part, intervals: part.slice(colon + 1) };
    });
}

/** How many transactions a GTID set of MySQL names, or null where that can't be told from the text. */
export function gtidCount(set: string): number | null {
  let count = 0;
  for (const part of set
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')) {
    const [uuid = '', ...intervals] = part.split(':');
    if (!uuid.includes('-') || intervals.length === 0) return null;
    for (const interval of intervals) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(interval.trim());
      // A tag names the intervals after it; it counts nothing itself.
      if (!match) {
        if (/^[a-z_][a-z0-9_]*$/i.test(interval.trim())) continue;
        return null;
      }
      count += Number(match[2] ?? match[1]) - Number(match[1]) + 1;
    }
  }
  return count;
}
