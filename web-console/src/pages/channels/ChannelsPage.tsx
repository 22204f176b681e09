// Where people are told: channels, a test of each, and what became of deliveries.
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { channelsQuery, deleteChannel, testChannel, type Channel } from '../../api/channels';
import { keys } from '../../api/keys';
import { useMay } from '../../api/session';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { EmptyState } from '../../kit/EmptyState';
import { PageHeader } from '../../kit/PageHeader';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { ChannelButton } from './ChannelButton';
import { Deliveries } from './Deliveries';

export function ChannelsPage() {
  const { t } = useTranslation(['channels', 'words']);
  const mayAdminister = useMay('admin');
  const list = useQuery(channelsQuery);
  return (
    <>
      <PageHeader title={t('title')} text={t('about')}>
        {mayAdminister && <ChannelButton />}
      </PageHeader>
      <ProblemNotice problem={list.error} />
      {list.data?.channels.length === 0 && <EmptyState icon={IconSend} title={t('none')} text={t('none_about')} />}
      <Stack gap="md">
        {list.data?.channels.map((channel) => (
          <ChannelPanel key={channel.spec.name} channel={channel} />
        ))}
      </Stack>
    </>
  );
}

function ChannelPanel({ channel }: { channel: Channel }) {
  const { t } = useTranslation(['channels', 'words']);
  const mayAdminister = useMay('admin');
  const cache = useQueryClient();
  const { spec, version } = channel;
  return (
    <Panel
      title={spec.name}
      actions={
        mayAdminister && (
          <Group gap="xs">
            {/* Another version is another form. */}
            <ChannelButton key={version} channel={channel} />
            <ConfirmAction
              label={t('delete')}
              title={t('delete_title', { name: spec.name })}
              dangerous
              act={async () => {
                await deleteChannel(spec.name, version);
                await cache.invalidateQueries({ queryKey: keys.channels });
              }}
            >
              <Text size="sm">{t('delete_about')}</Text>
            </ConfirmAction>
          </Group>
        )
      }
    >
      <Stack gap="sm">
        <Text size="sm">
          {t(`kinds.${spec.kind}`)} ·{' '}
          {t('from_severity', { severity: t(`words:severity.${spec.severity_min ?? 'info'}`) })} ·{' '}
          {spec.language === 'zh' ? '中文' : 'English'}
          {spec.enabled === false && ` · ${t('disabled')}`}
        </Text>
        {mayAdminister && <Test name={spec.name} />}
        <Deliveries name={spec.name} />
      </Stack>
    </Panel>
  );
}

function Test({ name }: { name: string }) {
  const { t } = useTranslation(['channels', 'words']);
  const cache = useQueryClient();
  const test = useMutation({
    mutationFn: () => testChannel(name),
    onSettled: () => cache.invalidateQueries({ queryKey: [...keys.channels, 'deliveries', name] }),
  });
  return (
    <>
      <Group gap="sm">
        <Button
          variant="light"
          leftSection={<IconSend size={15} aria-hidden />}
          loading={test.isPending}
          onClick={() => test.mutate()}
        >
          {t('test')}
        </Button>
        <Text size="sm" role="status" component="div">
          {test.data && (
            <span className={`pill tone-${test.data.delivered ? 'good' : 'bad'}`}>
              {test.data.delivered ? t('delivered') : t('not_delivered')}
            </span>
          )}
          {test.data && ` ${test.data.detail} (${test.data.took_ms} ms)`}
        </Text>
      </Group>
      <ProblemNotice problem={test.error} />
    </>
  );
}
