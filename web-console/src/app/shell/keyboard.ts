// Keys that work on every page: `/` to the search, `g` and a letter to a page.
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { PAGES } from './navigation';

/** A second key counts this long after `g`. */
const CHORD_MS = 1_200;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

export function useKeyboard(): void {
  const navigate = useNavigate();
  useEffect(() => {
    let chordSince = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const chord = event.timeStamp - chordSince < CHORD_MS && chordSince > 0;
      chordSince = 0;
      const page = chord ? PAGES.find((one) => one.key === event.key) : undefined;
      if (page) {
        event.preventDefault();
        void navigate({ to: page.to });
      } else if (event.key === 'g') {
        chordSince = event.timeStamp;
      } else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[data-search]');
        if (search) {
          event.preventDefault();
          search.focus();
        } else {
          event.preventDefault();
          void navigate({ to: '/tasks' });
        }
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [navigate]);
}
