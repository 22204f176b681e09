// What a task does, and what it is to do. While the Server is not heard, no state is shown as if it were true.
import { Tooltip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArrowRight,
  IconCircleX,
  IconLoader2,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlugConnectedX,
  IconRefresh,
  type Icon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { readContact, useContact } from '../api/contact';
import { formatClock } from './format';
import { Pill, type Tone } from './Pill';
import type { DesiredState, TaskState } from './states';

const LOOKS: Record<TaskState, { tone: Tone; icon: Icon }> = {
  failed: { tone: 'bad', icon: IconCircleX },
  not_running: { tone: 'bad', icon: IconAlertTriangle },
  retrying: { tone: 'warn', icon: IconRefresh },
  starting: { tone: 'busy', icon: IconLoader2 },
  running: { tone: 'good', icon: IconPlayerPlay },
  pausing: { tone: 'busy', icon: IconLoader2 },
  paused: { tone: 'warn', icon: IconPlayerPause },
  stopping: { tone: 'busy', icon: IconLoader2 },
  stopped: { tone: 'calm', icon: IconPlayerStop },
};

/** Words that already say where a state leads: no arrow is needed behind them. */
const LEADS_TO: Partial<Record<TaskState, DesiredState>> = {
  starting: 'running',
  retrying: 'running',
  running: 'running',
  failed: 'running',
  not_running: 'running',
  pausing: 'paused',
  paused: 'paused',
  stopping: 'stopped',
  stopped: 'stopped',
};

export function StatePill({ state, desired }: { state: TaskState; desired?: DesiredState }) {
  const { t, i18n } = useTranslation(['kit', 'words']);
  const { stale } = useContact();
  const look = LOOKS[state];
  const word = t(`words:state.${state}`);
  if (stale) {
    return (
      <Tooltip label={t('stale', { time: formatClock(new Date(readContact().heardAt), i18n.language) })}>
        <span tabIndex={0}>
          <Pill tone="calm" icon={IconPlugConnectedX} stale>
            {t('was', { state: word })}
          </Pill>
        </span>
      </Tooltip>
    );
  }
  return (
    <span style={{ display: 'inline-flex', gap: 4, alignItems: 'center' }}>
      <Pill tone={look.tone} icon={look.icon}>
        {word}
      </Pill>
      {desired !== undefined && LEADS_TO[state] !== desired ? (
        <span className="pill tone-busy">
          <IconArrowRight size={13} aria-hidden />
          {t(`wanted.${desired}`)}
        </span>
      ) : null}
    </span>
  );
}
