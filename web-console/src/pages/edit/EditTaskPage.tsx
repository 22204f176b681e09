import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { readTask } from '../../api/specs';
import { PageHeader } from '../../kit/PageHeader';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { SpecEditor } from './SpecEditor';

export function EditTaskPage() {
  const { t } = useTranslation('edit');
  const { name } = useParams({ from: '/shell/tasks/$name/edit' });
  const task = useQuery({
    queryKey: [...keys.task(name), 'spec'],
    queryFn: () => readTask(name),
    // An edit stands on the version it began from; a newer one is found when it is saved.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  if (task.error) return <ProblemNotice problem={task.error} />;
  if (!task.data) return null;
  const { spec, version } = task.data;
  return (
    <Stack gap="sm" maw={1000}>
      <PageHeader title={t('title_edit', { name })} />
      {/* Another version is another edit. */}
      <SpecEditor key={version} initial={spec} edited={{ name, version }} />
    </Stack>
  );
}
