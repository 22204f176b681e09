// Somebody else changed the task meanwhile: what they changed, and the two ways on.
import { Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Notice } from '../../kit/Notice';
import { keys } from '../../api/keys';
import { diffVersions, readTask } from '../../api/specs';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { DiffView } from '../task/DiffView';
import type { Edited } from './SpecEditor';

interface Props {
  edited: Edited;
  onTake: () => Promise<void>;
  onOverwrite: (version: number) => void;
}

export function StaleNotice({ edited, onTake, onOverwrite }: Props) {
  const { t } = useTranslation('edit');
  const now = useQuery({
    queryKey: [...keys.task(edited.name), 'stale', edited.version],
    queryFn: async () => {
      const task = await readTask(edited.name);
      return { version: task.version, diff: await diffVersions(edited.name, edited.version, task.version) };
    },
    staleTime: 0,
  });
  return (
    <Notice tone="warn" title={t('stale.title', { version: edited.version })}>
      <Text size="sm" mb="xs">
        {t('stale.about')}
      </Text>
      {now.error && <ProblemNotice problem={now.error} />}
      {now.data && <DiffView diff={now.data.diff.diff} secrets={now.data.diff.secrets_changed} />}
      <Group mt="xs">
        <Button variant="default" onClick={() => void onTake()}>
          {t('stale.take')}
        </Button>
        <Button
          color="red"
          variant="light"
          disabled={!now.data}
          onClick={() => {
            if (now.data) onOverwrite(now.data.version);
          }}
        >
          {t('stale.overwrite', { version: now.data?.version ?? '' })}
        </Button>
      </Group>
    </Notice>
  );
}
