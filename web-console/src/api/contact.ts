// When the Server was last heard of, and whether its events come in. What is shown is only as fresh as this.
import { useSyncExternalStore } from 'react';

/** Without a word for this long, what is shown is called old. Events or polls come every few seconds. */
export const STALE_AFTER_MS = 8_000;

export interface Contact {
  /** Milliseconds since 1970; 0 before the first answer. */
  heardAt: number;
  /** Whether the event stream is open: then nothing has to be polled. */
  events: boolean;
  /** Nothing was heard for too long: nothing on the page may be taken for what is. */
  stale: boolean;
}

let contact: Contact = { heardAt: 0, events: false, stale: false };
const listeners = new Set<() => void>();

function change(next: Contact): void {
  const told = next.events !== contact.events || next.stale !== contact.stale;
  // Who listens is told of turns, not of every answer.
  if (told) {
    contact = next;
    for (const listener of listeners) listener();
  } else {
    contact.heardAt = next.heardAt;
  }
}

/** The Server answered or sent something. */
export function heard(now = Date.now()): void {
  change({ ...contact, heardAt: now, stale: false });
}

/** The event stream was opened or lost. */
export function eventsAre(open: boolean): void {
  change({ ...contact, events: open });
}

/** To be called now and then while something is shown. */
export function judge(now = Date.now()): void {
  const stale = contact.heardAt > 0 && now - contact.heardAt > STALE_AFTER_MS;
  change({ ...contact, stale });
}

export function readContact(): Contact {
  return contact;
}

/** The contact, followed. */
export function useContact(): Contact {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => contact,
  );
}

/** How often a query polls: not at all while events bring what changes. */
export function usePoll(milliseconds = 2_000): number | false {
  return useContact().events ? false : milliseconds;
}
