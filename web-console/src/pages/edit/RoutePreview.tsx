// What the routes make of real rows of one table. Nothing is written.

import { Button, Group, Loader, Select, Stack, Text } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { previewRoutes } from '../../api/preview';
import { asProblem } from '../../api/problem';
import type { SourceTable } from '../../api/sources';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { useSpecForm } from './FormFields';
import { PreviewedRows } from './PreviewedRows';
import { previewSpec, routed } from './previewed';
import type { Spec } from './spec';
import type { RouteText } from './tables';

const ROWS = 5;
/** Tables that the select offers at a time; the rest is searched for. */
const OFFERED_MAX = 50;

interface Props {
  chosen: readonly SourceTable[];
  routes: readonly RouteText[];
}

export function RoutePreview({ chosen, routes }: Props) {
  const { t } = useTranslation('edit');
  const { spec, stored, refuse } = useSpecForm();
  const [picked, setPicked] = useState<string | null>(null);
  const tables = routed(chosen, routes);
  const nameOf = (table: SourceTable) => `${table.schema}.${table.name}`;
  const table = tables.find((one) => nameOf(one) === picked) ?? tables[0];
  const run = useMutation({
    mutationFn: (asked: { spec: Spec; table: SourceTable }) =>
      previewRoutes(previewSpec(asked.spec, asked.table), stored, ROWS),
    onError: (error) => {
      refuse(asProblem(error).errors);
    },
  });
  if (!table) return null;
  const stale = run.variables !== undefined && (run.variables.spec !== spec || run.variables.table !== table);
  return (
    <Stack gap="xs" component="section" aria-label={t('preview.title')}>
      <Group gap="xs" align="flex-end">
        <Select
          label={t('preview.table')}
          data={tables.map(nameOf)}
          value={nameOf(table)}
          onChange={setPicked}
          allowDeselect={false}
          searchable
          limit={OFFERED_MAX}
          flex="0 1 320px"
          miw={0}
        />
        <Button
          variant="default"
          leftSection={run.isPending ? <Loader size={14} /> : <IconEye size={16} />}
          disabled={run.isPending}
          onClick={() => {
            run.mutate({ spec, table });
          }}
        >
          {t('preview.run')}
        </Button>
      </Group>
      <Text size="sm" c="dimmed" role="status">
        {run.isPending ? t('tables.reading') : run.data && stale ? t('preview.stale') : t('preview.about')}
      </Text>
      {run.error && !stale && <ProblemNotice problem={run.error} />}
      {run.data?.tables.map((shown) => (
        <PreviewedRows key={shown.source} table={shown} />
      ))}
    </Stack>
  );
}
