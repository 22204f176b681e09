// What is wrong now, and what was in the last days.
import { Button, Group, SegmentedControl, Stack } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { alertsQuery, resolvedQuery } from '../../api/alerts';
import { usePoll } from '../../api/contact';
import { PageHeader } from '../../kit/PageHeader';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { AlertList } from './AlertList';
import { SHOWN, type Shown } from './search';

export function AlertsPage() {
  const { t } = useTranslation('alerts');
  const { task, show = 'open' } = useSearch({ from: '/shell/alerts' });
  const navigate = useNavigate();
  const open = useQuery({ ...alertsQuery(task), refetchInterval: usePoll(), enabled: show === 'open' });
  const resolved = useQuery({ ...resolvedQuery(task), enabled: show === 'resolved' });
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
      {list.data && <AlertList alerts={list.data.alerts} over={show === 'resolved'} />}
    </Stack>
  );
}
