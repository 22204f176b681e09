// The first thing on the first page: what somebody has to look at, worst first; or that there is nothing.
import { Group, Stack, Text } from '@mantine/core';
import {
  IconAlertTriangle,
  IconBell,
  IconCircleCheck,
  IconCircleX,
  IconEyeOff,
  IconFileAlert,
  IconRefresh,
  type Icon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useContact } from '../../api/contact';
import type { Attention } from '../../api/overview';
import { Pill, type Tone } from '../../kit/Pill';
import { TimeAgo } from '../../kit/TimeAgo';
import { told } from './attention';
import classes from './overview.module.css';
import { useCodes } from '../../i18n/codes';
import { TextLink } from '../../kit/TextLink';

const LOOKS: Record<Attention['kind'], { tone: Tone; icon: Icon }> = {
  monitor_missing: { tone: 'bad', icon: IconEyeOff },
  task_failed: { tone: 'bad', icon: IconCircleX },
  task_not_running: { tone: 'bad', icon: IconAlertTriangle },
  task_unreadable: { tone: 'bad', icon: IconFileAlert },
  alert_firing: { tone: 'bad', icon: IconBell },
  task_retrying: { tone: 'warn', icon: IconRefresh },
};

export function AttentionList({ attention }: { attention: readonly Attention[] }) {
  const { t } = useTranslation('overview');
  const { stale } = useContact();
  const say = useCodes();
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
      {told(attention).map((one) => (
        <li key={`${one.kind} ${one.rule ?? ''} ${one.subject}`} className={classes['attention']}>
          <Pill tone={LOOKS[one.kind].tone} icon={LOOKS[one.kind].icon}>
            {t(`kind.${one.kind}`)}
          </Pill>
          <TextLink {...target(one.link)} fw={600} style={{ overflowWrap: 'anywhere' }}>
            {one.subject === '' ? t('attention.look') : one.subject}
          </TextLink>
          <Text size="sm" component="span" className={classes['what'] ?? ''}>
            {one.rule !== undefined && <b>{say('rule', one.rule, 'title') ?? one.rule} </b>}
            {one.text}
          </Text>
          {one.since !== null && (
            <Text size="sm" component="span" className="soft">
              <TimeAgo at={one.since} />
            </Text>
          )}
        </li>
      ))}
    </Stack>
  );
}

/** A link of the Server, as the router takes it. */
function target(link: string) {
  const { pathname, searchParams } = new URL(link, window.location.origin);
  return { to: pathname as '/alerts', search: Object.fromEntries(searchParams) };
}
