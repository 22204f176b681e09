import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../../api/client';
import { keys } from '../../api/keys';
import { PageHeader } from '../../kit/PageHeader';
import { emptySpec } from './spec';
import { SpecEditor } from './SpecEditor';

export function NewTaskPage() {
  const { t } = useTranslation('edit');
  const groups = useQuery({
    queryKey: [...keys.cores, 'groups'],
    queryFn: () => answer(api.GET('/api/v1/groups')),
  });
  // The form is not opened before the group is known that it begins with; without an answer it begins empty.
  if (groups.isPending) return null;
  return (
    <Stack gap="sm" maw={1000}>
      <PageHeader title={t('title_new')} />
      <SpecEditor initial={emptySpec(groups.data?.groups[0]?.group ?? '')} />
    </Stack>
  );
}
