// A word beside the matter: what to mind, in a tone.
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Tone } from './Pill';

interface Props {
  tone: Tone;
  title?: string;
  children?: ReactNode;
}

export function Notice({ tone, title, children }: Props) {
  const Icon = tone === 'bad' || tone === 'warn' ? IconAlertTriangle : IconInfoCircle;
  return (
    <div
      className={`tone-${tone}`}
      style={{ display: 'flex', gap: 10, padding: '8px 12px', borderRadius: 8, fontSize: 13.5 }}
    >
      <Icon size={18} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
      <div style={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
        {title !== undefined && <div style={{ fontWeight: 600 }}>{title}</div>}
        {children}
      </div>
    </div>
  );
}
