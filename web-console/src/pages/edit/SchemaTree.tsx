// The source's databases, each with its tables when opened, to choose from.

import { Accordion, Checkbox, Group, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listSourceTables, type SourceTable } from '../../api/sources';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { useSpecForm } from './FormFields';
import { isChosen, literalPattern, toggled, wholeSchemaPattern } from './tables';
import { SOURCE_FRESH_MS } from './TablesStep';

/** Most tables of one database that are listed; more are found with the search. */
const SHOWN_MAX = 200;

export function SchemaTree({ schemas }: { schemas: readonly { name: string; tables: number }[] }) {
  const { t } = useTranslation('edit');
  const { spec, change } = useSpecForm();
  const [opened, setOpened] = useState<string | null>(null);
  const patterns = spec.producer.tables ?? [];
  return (
    <Accordion variant="contained" value={opened} onChange={setOpened} aria-label={t('tables.databases')}>
      {schemas.map(({ name, tables }) => {
        const pattern = wholeSchemaPattern(name);
        return (
          <Accordion.Item value={name} key={name}>
            <Group wrap="nowrap" gap={0} pl="sm">
              <Checkbox
                size="xs"
                aria-label={t('tables.whole', { name })}
                checked={patterns.includes(pattern)}
                onChange={() => {
                  change('producer.tables', toggled(patterns, pattern) ?? []);
                }}
              />
              <Accordion.Control py={0}>
                <Group gap="xs">
                  <Text size="sm" ff="monospace">
                    {name}
                  </Text>
                  <span className="pill tone-calm">{t('tables.count', { count: tables })}</span>
                </Group>
              </Accordion.Control>
            </Group>
            <Accordion.Panel>{opened === name && <SchemaTables schema={name} />}</Accordion.Panel>
          </Accordion.Item>
        );
      })}
    </Accordion>
  );
}

function SchemaTables({ schema }: { schema: string }) {
  const { t } = useTranslation('edit');
  const { spec, stored } = useSpecForm();
  const [search, setSearch] = useState('');
  const { host, port, user, password } = spec.producer;
  const list = useQuery({
    queryKey: ['source', 'tables', { host, port, user, password }, schema, stored],
    queryFn: () => listSourceTables({ producer: spec.producer, schema, task: stored }),
    staleTime: SOURCE_FRESH_MS,
    retry: false,
  });
  if (list.error) return <ProblemNotice problem={list.error} />;
  if (!list.data) return <Text size="sm">{t('tables.reading')}</Text>;
  const found = list.data.tables.filter(({ name }) => name.includes(search));
  return (
    <Stack gap="xs">
      <TextInput
        size="xs"
        aria-label={t('tables.search')}
        placeholder={t('tables.search')}
        value={search}
        onChange={({ currentTarget }) => {
          setSearch(currentTarget.value);
        }}
      />
      <ScrollArea.Autosize mah={260} viewportProps={{ tabIndex: 0 }}>
        <Stack gap={4}>
          {found.slice(0, SHOWN_MAX).map((table) => (
            <TableChoice key={table.name} table={table} />
          ))}
        </Stack>
      </ScrollArea.Autosize>
      {found.length > SHOWN_MAX && (
        <Text size="xs" c="dimmed">
          {t('tables.more', { count: found.length - SHOWN_MAX })}
        </Text>
      )}
    </Stack>
  );
}

function TableChoice({ table }: { table: SourceTable }) {
  const { t, i18n } = useTranslation('edit');
  const { spec, change } = useSpecForm();
  const patterns = spec.producer.tables ?? [];
  const pattern = literalPattern(table);
  const own = patterns.includes(pattern);
  const chosen = isChosen(table, patterns, spec.producer.exclude ?? []);
  return (
    <Group gap="xs" wrap="nowrap">
      <Checkbox
        size="xs"
        checked={chosen}
        // Chosen by another pattern: that one is to be changed.
        disabled={chosen && !own}
        label={<span style={{ fontFamily: 'monospace' }}>{table.name}</span>}
        onChange={() => {
          change('producer.tables', toggled(patterns, pattern) ?? []);
        }}
      />
      <Text size="xs" c="dimmed">
        {table.rows_estimate === null || table.rows_estimate === undefined
          ? ''
          : t('tables.rows', { rows: new Intl.NumberFormat(i18n.language).format(table.rows_estimate) })}
      </Text>
      {!table.primary_key && <span className="pill tone-warn">{t('tables.no_key')}</span>}
    </Group>
  );
}
