import { Divider, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { ConnectionTest } from './ConnectionTest';
import { SpecChoice, SpecNumber, SpecTags, SpecText, useSpecForm } from './FormFields';
import { PropertiesField } from './PropertiesField';
import { Routes } from './Routes';
import { SchemaChanges } from './SchemaChanges';
import { SecretField } from './SecretField';
import { ServerFields } from './ServerFields';
import { emptyConsumer, type ConsumerKind, type Spec } from './spec';

const ROWS_MAX = 4_294_967_295;
const CONNECTIONS_MAX = 64;

export function TargetStep() {
  const { t } = useTranslation('edit');
  const { spec, change } = useSpecForm();
  const { kind } = spec.consumer;
  // What was written for another kind comes back when that kind is chosen again.
  const others = useRef<Partial<Record<ConsumerKind, Spec['consumer']>>>({});
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label={t('target.kind')}
        value={kind}
        onChange={(chosen) => {
          others.current[kind] = spec.consumer;
          change('consumer', others.current[chosen as ConsumerKind] ?? emptyConsumer(chosen as ConsumerKind));
        }}
        data={[
          { value: 'mysql', label: 'MySQL / MariaDB' },
          { value: 'kafka', label: 'Kafka' },
          { value: 'stdout', label: t('target.stdout') },
        ]}
      />
      {kind === 'mysql' && <MySqlFields />}
      {kind === 'kafka' && <KafkaFields />}
      {kind === 'stdout' && <Text size="sm">{t('target.stdout_about')}</Text>}
      {kind !== 'stdout' && <ConnectionTest end="target" />}
      <Divider label={t('route.title')} labelPosition="left" />
      <Routes />
    </Stack>
  );
}

function MySqlFields() {
  const { t } = useTranslation('edit');
  return (
    <>
      <ServerFields end="consumer" />
      <SchemaChanges />
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
        <SpecChoice
          path="consumer.on_conflict"
          label={t('target.on_conflict')}
          choices={[
            { value: 'stop', label: t('target.conflict_stop') },
            { value: 'overwrite', label: t('target.conflict_overwrite') },
            { value: 'skip', label: t('target.conflict_skip') },
            { value: 'newest', label: t('target.conflict_newest') },
          ]}
        />
        <SpecChoice
          path="consumer.compare"
          label={t('target.compare')}
          choices={[
            { value: 'key', label: t('target.compare_key') },
            { value: 'row', label: t('target.compare_row') },
          ]}
        />
        <SpecText path="consumer.newest_by" label={t('target.newest_by')} placeholder="updated_at" />
        <SpecNumber
          path="consumer.conflicts_max"
          label={t('target.conflicts_max')}
          placeholder="10000"
          min={1}
          max={ROWS_MAX}
        />
        <SpecNumber
          path="consumer.commit_rows_max"
          label={t('target.commit_rows_max')}
          placeholder="10000"
          min={1}
          max={ROWS_MAX}
        />
        <SpecText path="consumer.commit_bytes_max" label={t('target.commit_bytes_max')} placeholder="1 MiB" />
        <SpecNumber
          path="consumer.connections"
          label={t('target.connections')}
          placeholder="4"
          min={1}
          max={CONNECTIONS_MAX}
        />
        <SpecText path="consumer.statement_timeout" label={t('target.statement_timeout')} placeholder="5m" />
      </SimpleGrid>
    </>
  );
}

function KafkaFields() {
  const { t } = useTranslation('edit');
  return (
    <>
      <SpecTags path="consumer.brokers" label={t('kafka.brokers')} placeholder="kafka1:9092" required always />
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
        <SpecText
          path="consumer.topic"
          label={t('kafka.topic')}
          description={t('kafka.topic_about')}
          placeholder="{database}.{table}"
        />
        <SpecChoice
          path="consumer.compression"
          label={t('kafka.compression')}
          description={t('kafka.compression_about')}
          choices={['zstd', 'none', 'gzip', 'lz4', 'snappy'].map((value) => ({ value, label: value }))}
        />
        <SpecText path="consumer.message_bytes_max" label={t('kafka.message_bytes_max')} placeholder="1 MiB" />
        <SpecText path="consumer.delivery_timeout" label={t('kafka.delivery_timeout')} placeholder="30s" />
      </SimpleGrid>
      <SchemaChanges />
      <SecretField path="consumer.sasl_password" label={t('kafka.sasl_password')} />
      <PropertiesField />
    </>
  );
}
