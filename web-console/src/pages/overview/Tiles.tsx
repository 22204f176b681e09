// Counts: tasks by state, alerts, and the processes that are alive.
import { Group, SimpleGrid, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../../api/overview';
import { formatDuration } from '../../kit/format';
import { StatePill } from '../../kit/StatePill';
import { STATES } from '../../kit/states';
import classes from './overview.module.css';
import { TextLink } from '../../kit/TextLink';

/** The Monitor evaluates every few seconds; later than this it is late. */
const MONITOR_LATE_S = 30;

export function Tiles({ overview }: { overview: Overview }) {
  const { t } = useTranslation('overview');
  const { tasks, alerts, cores, servers, monitors } = overview;
  const age = monitors.last_evaluation_age_seconds ?? null;
  const late = monitors.alive === 0 || age === null || age > MONITOR_LATE_S;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
      <Tile title={t('tasks.title')} to="/tasks" value={tasks.total}>
        <Group gap={8}>
          {STATES.filter((state) => (tasks.by_state[state] ?? 0) > 0).map((state) => (
            <Link key={state} to="/tasks" search={{ state }} className={classes['state'] ?? ''}>
              <StatePill state={state} /> <span>{tasks.by_state[state]}</span>
            </Link>
          ))}
        </Group>
      </Tile>
      <Tile title={t('alerts.title')} to="/alerts" value={alerts.firing} tone={alerts.firing > 0 ? 'bad' : undefined}>
        <Text size="sm" className="soft">
          {t('alerts.others', { acknowledged: alerts.acknowledged, silenced: alerts.silenced })}
        </Text>
      </Tile>
      <Tile title={t('cores.title')} to="/cores" value={cores.alive} tone={cores.alive === 0 ? 'bad' : undefined}>
        <Text size="sm" className="soft">
          {t('cores.groups', { count: cores.groups })} · {t('cores.servers', { count: servers })}
        </Text>
      </Tile>
      <Tile title={t('monitors.title')} to="/alerts" value={monitors.alive} tone={late ? 'bad' : undefined}>
        <Text size="sm" className={late ? '' : 'soft'}>
          {monitors.alive === 0 || age === null
            ? t('monitors.none')
            : t(late ? 'monitors.late' : 'monitors.looked', { ago: formatDuration(Math.round(age)) })}
        </Text>
      </Tile>
    </SimpleGrid>
  );
}

interface TileProps {
  title: string;
  to: '/tasks' | '/alerts' | '/cores';
  value: number;
  tone?: 'bad' | undefined;
  children: ReactNode;
}

function Tile({ title, to, value, tone, children }: TileProps) {
  return (
    <section className={`panel ${classes['tile'] ?? ''}`} aria-label={title}>
      <TextLink to={to} size="sm">
        {title}
      </TextLink>
      <div className={classes['value']} style={tone === undefined ? undefined : { color: `var(--${tone}-text)` }}>
        {value}
      </div>
      {children}
    </section>
  );
}
