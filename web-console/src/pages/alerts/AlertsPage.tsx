// What is wrong now, and what was in the last days.
import { Button, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { alertsQuery, resolvedQuery, type Alert } from '../../api/alerts';
import { usePoll } from '../../api/contact';
import { PageHeader } from '../../kit/PageHeader';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { AlertList } from './AlertList';
import { SHOWN, type Shown } from './search';

export function AlertsPage() {
  const { t } = useTranslation('alerts');
  const { id, task, show = 'open' } = useSearch({ from: '/shell/alerts' });
  const navigate = useNavigate();
  const open = useQuery({
    ...alertsQuery(task),
    refetchInterval: usePoll(),
    enabled: show === 'open' || id !== undefined,
  });
  const resolved = useQuery({ ...resolvedQuery(task), enabled: show === 'resolved' || id !== undefined });
  const list = show === 'open' ? open : resolved;
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} />
      <Group>
        <SegmentedControl
          aria-label={t('show')}
          value={show}
          onChange={(chosen) => {
            const wanted = chosen as Shown;
            void navigate({
              to: '/alerts',
              search: { ...(task && { task }), ...(wanted !== 'open' && { show: wanted }) },
            });
          }}
          data={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))}
        />
        {id !== undefined && (
          <Button
            variant="default"
            rightSection={<IconX size={14} aria-hidden />}
            onClick={() => void navigate({ to: '/alerts', search: {} })}
          >
            {t('of_id', { id })}
          </Button>
        )}
        {task !== undefined && (
          <Button
            variant="default"
            rightSection={<IconX size={14} aria-hidden />}
            onClick={() => void navigate({ to: '/alerts', search: show === 'open' ? {} : { show } })}
          >
            {t('of_task', { task })}
          </Button>
        )}
      </Group>
      <ProblemNotice problem={list.error} />
      {id !== undefined && open.data && resolved.data && (
        <One id={id} open={open.data.alerts} resolved={resolved.data.alerts} />
      )}
      {id === undefined && show === 'open' && open.data && <Open alerts={open.data.alerts} />}
      {id === undefined && show === 'resolved' && resolved.data && <AlertList alerts={resolved.data.alerts} over />}
    </Stack>
  );
}

/** What fires, and apart from it what has been seen but not for long enough to be told. */
function Open({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useTranslation('alerts');
  const pending = alerts.filter(({ state }) => state === 'pending');
  return (
    <>
      <AlertList alerts={alerts.filter(({ state }) => state !== 'pending')} />
      {pending.length > 0 && (
        <Stack gap="xs" component="section" aria-label={t('pending')}>
          <Title order={2}>{t('pending')}</Title>
          <Text size="sm" className="soft">
            {t('pending_about')}
          </Text>
          <AlertList alerts={pending} />
        </Stack>
      )}
    </>
  );
}

/** The alert of an address that a message had: as it is now, or how it was. */
function One({ id, open, resolved }: { id: string; open: readonly Alert[]; resolved: readonly Alert[] }) {
  const now = open.filter((alert) => alert.id === id);
  return now.length > 0 ? <AlertList alerts={now} /> : <AlertList alerts={resolved.filter((a) => a.id === id)} over />;
}
