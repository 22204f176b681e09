// A word with a tone: colour and icon, never colour alone.
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'calm';

interface Props {
  tone: Tone;
  icon: Icon;
  children: ReactNode;
  /** Drawn as what was last heard, not as what is. */
  stale?: boolean;
}

export function Pill({ tone, icon: Icon, children, stale = false }: Props) {
  return (
    <span className={`pill ${stale ? 'stale' : `tone-${tone}`}`}>
      <Icon size={14} stroke={2} aria-hidden />
      {children}
    </span>
  );
}
