// Which tables: picked from what the source has, or as patterns with what they match.

import { Button, Group, Radio, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Notice } from '../../kit/Notice';
import { inspectSource, matchTables } from '../../api/sources';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { StageList } from './ConnectionTest';
import { SpecTags, useSpecForm } from './FormFields';
import { SchemaTree } from './SchemaTree';

/** How long to wait after a key before the source is asked again. */
const QUIET_MS = 500;
/** How long what a source has is taken for true before it is asked again. */
export const SOURCE_FRESH_MS = 60_000;

export function TablesStep() {
  const { t } = useTranslation('edit');
  const { spec, stored, change } = useSpecForm();
  const { producer } = spec;
  const reachable = producer.host !== '' && producer.user !== '';
  const asked = { host: producer.host, port: producer.port, user: producer.user, password: producer.password };
  const inspection = useQuery({
    queryKey: ['source', 'inspect', asked, producer.tls, stored],
    queryFn: () => inspectSource({ producer, task: stored }),
    enabled: reachable,
    staleTime: SOURCE_FRESH_MS,
    retry: false,
  });
  const unreachable = inspection.data?.stages.filter(({ state }) => state !== 'passed') ?? [];
  const readable = inspection.data !== undefined && inspection.data.schemas.length > 0;
  return (
    <Stack gap="sm">
      <Radio.Group
        label={t('tables.which')}
        value={producer.tables === undefined || producer.tables === null ? 'all' : 'some'}
        onChange={(which) => {
          change('producer.tables', which === 'all' ? undefined : []);
        }}
      >
        <Group mt={4}>
          <Radio value="all" label={t('tables.all')} />
          <Radio value="some" label={t('tables.some')} />
        </Group>
      </Radio.Group>
      {!reachable && <Notice tone="calm">{t('tables.no_source')}</Notice>}
      {inspection.isFetching && <Text size="sm">{t('tables.reading')}</Text>}
      {inspection.error && <ProblemNotice problem={inspection.error} />}
      {unreachable.length > 0 && !readable && (
        <Notice tone="warn" title={t('tables.unreadable')}>
          <StageList stages={unreachable} />
        </Notice>
      )}
      {readable && producer.tables && <SchemaTree schemas={inspection.data.schemas} />}
      {producer.tables && (
        <SpecTags
          path="producer.tables"
          label={t('tables.patterns')}
          description={t('tables.patterns_about')}
          placeholder="shop.*"
          required
          always
        />
      )}
      <SpecTags
        path="producer.exclude"
        label={t('tables.exclude')}
        description={t('tables.exclude_about')}
        placeholder="shop.*_bak"
      />
      {readable && <Matches />}
      <Group>
        <Button
          variant="default"
          size="xs"
          disabled={!reachable || inspection.isFetching}
          onClick={() => {
            void inspection.refetch();
          }}
        >
          {t('tables.read_again')}
        </Button>
      </Group>
    </Stack>
  );
}

function Matches() {
  const { t } = useTranslation('edit');
  const { spec, stored } = useSpecForm();
  const { producer } = spec;
  const tables = producer.tables ?? undefined;
  const [asked] = useDebouncedValue({ producer, tables, exclude: producer.exclude ?? [] }, QUIET_MS);
  const matches = useQuery({
    queryKey: ['source', 'match', asked, stored],
    queryFn: () => matchTables({ ...asked, task: stored }),
    enabled: tables === undefined || tables.length > 0,
    staleTime: SOURCE_FRESH_MS,
    retry: false,
    placeholderData: (before) => before,
  });
  if (matches.error) return <ProblemNotice problem={matches.error} />;
  if (!matches.data) return null;
  return (
    <Stack gap={4} role="status">
      <Text size="sm" fw={600}>
        {t('tables.matches', { total: matches.data.total, of: matches.data.of })}
      </Text>
      {matches.data.patterns.map(({ pattern, matches: count, sample }) => (
        <Text size="sm" key={pattern} {...(count === 0 && { className: 'tone-warn' })}>
          <code>{pattern}</code> {t('tables.pattern_matches', { count })}{' '}
          <Text span size="xs" c="dimmed" ff="monospace">
            {sample.join(', ')}
          </Text>
        </Text>
      ))}
    </Stack>
  );
}
