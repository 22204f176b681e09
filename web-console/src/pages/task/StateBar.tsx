// Which states a task was in, as a bar and as a list.
import { Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { History } from '../../api/task';
import { formatMoment } from '../../kit/format';
import classes from './StateBar.module.css';
import { shares } from './shares';

const TONES: Record<History['states'][number]['state'], string> = {
  failed: 'bad',
  not_running: 'bad',
  retrying: 'warn',
  starting: 'busy',
  running: 'good',
  pausing: 'busy',
  paused: 'warn',
  stopping: 'busy',
  stopped: 'calm',
};
/** Most segments that are listed in words, newest first. */
const LISTED = 12;

export function StateBar({ states }: { states: History['states'] }) {
  const { t, i18n } = useTranslation(['task', 'words']);
  const moment = (at: string | null | undefined) => (at ? formatMoment(new Date(at), i18n.language) : '–');
  return (
    <>
      <div className={classes.bar} aria-hidden>
        {shares(states).map(({ from, state, share }) => (
          <span
            key={from}
            style={{ flexGrow: share, background: `var(--${TONES[state]}-text)` }}
            title={t(`words:state.${state}`)}
          />
        ))}
      </div>
      <details>
        <summary>{t('history.states_list', { count: states.length })}</summary>
        <ol className={classes.list}>
          {states
            .slice(-LISTED)
            .reverse()
            .map(({ from, to, state, core }) => (
              <li key={from}>
                <Group gap="xs">
                  <span className={`pill tone-${TONES[state]}`}>{t(`words:state.${state}`)}</span>
                  <span className="mono">{core ?? ''}</span>
                  <span className="soft">
                    {moment(from)} – {moment(to)}
                  </span>
                </Group>
              </li>
            ))}
        </ol>
      </details>
    </>
  );
}
