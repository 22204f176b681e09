// Making or changing a channel.
import { Button, Group, Modal, NativeSelect, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createChannel, updateChannel, type Channel, type ChannelKind, type ChannelSpec } from '../../api/channels';
import { keys } from '../../api/keys';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { SEVERITIES } from '../../kit/SeverityPill';
import { KindField } from './KindField';
import { fieldsOf, KINDS, withField, withKind } from './draft';

export function ChannelButton({ channel }: { channel?: Channel }) {
  const { t } = useTranslation(['channels', 'words']);
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant={channel ? 'default' : 'filled'} onClick={open}>
        {channel ? t('edit') : t('add')}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        size="lg"
        title={channel ? t('edit_title', { name: channel.spec.name }) : t('add')}
        closeButtonProps={{ 'aria-label': t('close') }}
      >
        <ChannelForm channel={channel} onDone={close} />
      </Modal>
    </>
  );
}

function ChannelForm({ channel, onDone }: { channel: Channel | undefined; onDone: () => void }) {
  const { t } = useTranslation(['channels', 'words']);
  const cache = useQueryClient();
  const [spec, setSpec] = useState<ChannelSpec>(channel?.spec ?? { name: '', kind: 'webhook' });
  const saving = useMutation({
    mutationFn: () => (channel ? updateChannel(spec, channel.version) : createChannel(spec)),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: keys.channels });
      onDone();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate();
      }}
    >
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
          <TextInput
            label={t('name')}
            required
            disabled={channel !== undefined}
            value={spec.name}
            onChange={({ currentTarget }) => setSpec({ ...spec, name: currentTarget.value })}
          />
          <NativeSelect
            label={t('kind')}
            value={spec.kind}
            disabled={channel !== undefined}
            data={KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))}
            onChange={({ currentTarget }) => setSpec(withKind(spec, currentTarget.value as ChannelKind))}
          />
        </SimpleGrid>
        {fieldsOf(spec.kind).map((field) => (
          <KindField
            key={field}
            field={field}
            spec={spec}
            onChange={(value) => setSpec(withField(spec, field, value))}
          />
        ))}
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs">
          <NativeSelect
            label={t('severity_min')}
            value={spec.severity_min ?? 'info'}
            data={SEVERITIES.map((value) => ({ value, label: t(`words:severity.${value}`) }))}
            onChange={({ currentTarget }) => setSpec(withField(spec, 'severity_min', currentTarget.value))}
          />
          <NativeSelect
            label={t('language')}
            value={spec.language ?? 'en'}
            data={[
              { value: 'en', label: 'English' },
              { value: 'zh', label: '中文' },
            ]}
            onChange={({ currentTarget }) => setSpec(withField(spec, 'language', currentTarget.value))}
          />
          <TextInput
            label={t('link')}
            placeholder={window.location.origin}
            value={spec.link ?? ''}
            onChange={({ currentTarget }) => setSpec(withField(spec, 'link', currentTarget.value))}
          />
        </SimpleGrid>
        <Switch
          label={t('enabled')}
          checked={spec.enabled ?? true}
          onChange={({ currentTarget }) => setSpec({ ...spec, enabled: currentTarget.checked })}
        />
        <ProblemNotice problem={saving.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('cancel')}
          </Button>
          <Button type="submit" loading={saving.isPending}>
            {t('save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
