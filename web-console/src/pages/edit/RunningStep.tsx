// How the task is kept running, where it begins, and its limits.

import { Accordion, Group, NumberInput, SimpleGrid, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SpecChoice, SpecNumber, SpecText, useFieldError, useSpecForm } from './FormFields';
import { StartPicker } from './StartPicker';
import { startFields, startOf, type StartKind } from './start';
import { StandbyChoice } from './StandbyChoice';

const STARTS: readonly StartKind[] = ['latest', 'earliest', 'gtid', 'position'];
const SERVER_ID_MAX = 4_294_967_295;
const HOT_MAX = 16;

export function RunningStep() {
  const { t } = useTranslation('edit');
  const { spec, stored, change } = useSpecForm();
  // A start that is not finished has no place in the spec, so its fields are kept here.
  const [start, setStart] = useState(startFields(spec.producer.start));
  const error = useFieldError('producer.start');
  return (
    <Stack gap="md">
      <Standby />
      <div>
        <StartPicker
          label={t('running.start')}
          kinds={STARTS}
          fields={start}
          error={error}
          onChange={(fields) => {
            setStart(fields);
            change('producer.start', fields.kind === 'latest' ? undefined : (startOf(fields) ?? undefined));
          }}
        />
        {stored !== undefined && (
          <Text size="sm" c="dimmed" mt={4}>
            {t('running.start_once')}
          </Text>
        )}
      </div>
      <Accordion variant="contained">
        <Accordion.Item value="limits">
          <Accordion.Control>{t('running.limits')}</Accordion.Control>
          <Accordion.Panel>
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="xs">
              <SpecText path="pipe.queue_bytes_max" label={t('running.queue_bytes_max')} placeholder="32 MiB" />
              <SpecText path="pipe.event_bytes_max" label={t('running.event_bytes_max')} placeholder="1 GiB" />
              <SpecText path="pipe.prepared_bytes_max" label={t('running.prepared_bytes_max')} placeholder="16 MiB" />
              <SpecText path="pipe.checkpoint_interval" label={t('running.checkpoint_interval')} placeholder="1s" />
              <SpecText path="pipe.status_interval" label={t('running.status_interval')} placeholder="1s" />
              <SpecText path="pipe.retry_backoff_min" label={t('running.retry_backoff_min')} placeholder="250ms" />
              <SpecText path="pipe.retry_backoff_max" label={t('running.retry_backoff_max')} placeholder="30s" />
              <SpecText path="producer.heartbeat" label={t('running.heartbeat')} placeholder="5s" />
              <SpecText
                path="producer.lag_heartbeat"
                label={t('running.lag_heartbeat')}
                placeholder={t('running.lag_heartbeat_default')}
              />
              <SpecText path="producer.connect_timeout" label={t('running.connect_timeout')} placeholder="10s" />
              <SpecChoice
                path="producer.applied"
                label={t('running.applied')}
                choices={[
                  { value: 'carry', label: t('running.applied_carry') },
                  { value: 'leave_out', label: t('running.applied_leave_out') },
                ]}
              />
              <SpecNumber
                path="producer.server_id"
                label={t('running.server_id')}
                placeholder={t('running.server_id_default')}
                min={1}
                max={SERVER_ID_MAX}
              />
            </SimpleGrid>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}

function Standby() {
  const { t } = useTranslation('edit');
  const { spec, change } = useSpecForm();
  const { standby } = spec;
  const hot = typeof standby === 'object' && standby !== null ? standby.hot : null;
  const error = useFieldError('standby');
  return (
    <Group align="flex-end" gap="md">
      <StandbyChoice
        value={standby === 'cold' ? 'cold' : hot === null ? 'hot' : 'count'}
        onChange={(kind) => {
          change('standby', kind === 'hot' ? undefined : kind === 'cold' ? 'cold' : { hot: 3 });
        }}
      />
      {hot !== null && (
        <NumberInput
          label={t('standby.cores')}
          min={1}
          max={HOT_MAX}
          w={120}
          error={error}
          value={hot}
          onChange={(count) => {
            if (typeof count === 'number') change('standby', { hot: count });
          }}
        />
      )}
    </Group>
  );
}
