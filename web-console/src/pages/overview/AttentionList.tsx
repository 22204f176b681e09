// The first thing on the first page: what somebody has to look at, worst first; or that there is nothing.
import { Group, Stack, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useContact } from '../../api/contact';
import type { Attention } from '../../api/overview';
import { TimeAgo } from '../../kit/TimeAgo';
import classes from './overview.module.css';
import { TextLink } from '../../kit/TextLink';

export function AttentionList({ attention }: { attention: readonly Attention[] }) {
  const { t } = useTranslation('overview');
  const { stale } = useContact();
  if (attention.length === 0) {
    // Silence of the Server is no good news.
    if (stale) return <Text size="sm">{t('attention.unknown')}</Text>;
    return (
      <Group gap={8}>
        <IconCircleCheck size={20} color="var(--good-text)" aria-hidden />
        <Text size="sm">{t('attention.nothing')}</Text>
      </Group>
    );
  }
  return (
    <Stack gap={6} component="ul" className={classes['list'] ?? ''}>
      {attention.map((one) => (
        <li key={`${one.kind} ${one.subject}`} className={classes['attention']}>
          <TextLink to={one.link as '/'} fw={600}>
            {one.subject}
          </TextLink>
          <Text size="sm" component="span" className={classes['what'] ?? ''}>
            {one.text}
          </Text>
          <Text size="sm" component="span" className="soft">
            <TimeAgo at={one.since} />
          </Text>
        </li>
      ))}
    </Stack>
  );
}
