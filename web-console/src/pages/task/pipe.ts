// The pipe as a picture: its five parts, what flows between them, and which of them holds the others up.
import type { Status } from '../../api/task';

export type PartName = 'source' | 'producer' | 'queue' | 'consumer' | 'target';

export interface Part {
  name: PartName;
  /** Holds the others up. */
  blocked: boolean;
}

const PARTS: readonly PartName[] = ['source', 'producer', 'queue', 'consumer', 'target'];

export function parts({ blocked }: Pick<Status, 'blocked'>): Part[] {
  return PARTS.map((name) => ({ name, blocked: name === blocked }));
}

const UNITS: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
export const QUEUE_BYTES_DEFAULT = 32 * 1024 ** 2;

/** Bytes that a text such as `64 MiB` means; null where it is none. */
export function bytesOf(text: string | null | undefined): number | null {
  const match = /^\s*(\d+)\s*(B|KiB|MiB|GiB)\s*$/.exec(text ?? '');
  return match ? Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1) : null;
}

/** How full the queue is, 0 to 1. */
export function queueFill(queueBytes: number | undefined, most: number): number | null {
  return queueBytes === undefined ? null : Math.min(1, queueBytes / most);
}

/** Bytes of log between a checkpoint and the head where both are in one file; null where that can't be told. */
export function bytesBehind(
  checkpoint: { file: string; offset: number } | null | undefined,
  head: { file: string; offset: number } | null | undefined,
): number | null {
  if (!checkpoint || !head || checkpoint.file !== head.file) return null;
  return Math.max(0, head.offset - checkpoint.offset);
}
