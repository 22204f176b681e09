// Where tables go under another name, and where each of the source's then lands.

import { ActionIcon, Button, Code, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { listSourceTables } from '../../api/sources';
import type { Spec } from './spec';
import { useFieldError, useSpecForm } from './FormFields';
import { isChosen, landing, treatment, type RouteText } from './tables';
import { SOURCE_FRESH_MS } from './TablesStep';

/** Most tables shown with where they land. */
const PREVIEW_MAX = 12;

export function Routes() {
  const { t } = useTranslation('edit');
  const { spec, change } = useSpecForm();
  const routes = spec.route ?? [];
  const error = useFieldError('route');
  const put = (changed: NonNullable<Spec['route']>): void => {
    change('route', changed.length > 0 ? changed : undefined);
  };
  const move = (at: number, by: number): void => {
    const changed = [...routes];
    changed.splice(at + by, 0, ...changed.splice(at, 1));
    put(changed);
  };
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        {t('route.about')}
      </Text>
      {routes.map((route, at) => (
        // Routes have no name of their own; their place is what tells them apart.
        <Stack key={at} gap={2}>
          <Group gap="xs" align="flex-end" wrap="nowrap" role="group" aria-label={t('route.nth', { n: at + 1 })}>
            {(['from', 'to'] as const).map((side) => (
              <TextInput
                key={side}
                label={t(`route.${side}`)}
                placeholder={side === 'from' ? 'shop.order_*' : 'warehouse.{table}'}
                spellCheck={false}
                flex={1}
                miw={0}
                value={route[side] ?? ''}
                onChange={({ currentTarget }) => {
                  const { value } = currentTarget;
                  put(routes.map((known, index) => (index === at ? withSide(known, side, value) : known)));
                }}
              />
            ))}
            <Group gap={2} wrap="nowrap">
              <ActionIcon
                variant="subtle"
                aria-label={t('route.up')}
                disabled={at === 0}
                onClick={() => {
                  move(at, -1);
                }}
              >
                <IconArrowUp size={16} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                aria-label={t('route.down')}
                disabled={at === routes.length - 1}
                onClick={() => {
                  move(at, 1);
                }}
              >
                <IconArrowDown size={16} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="red"
                aria-label={t('route.remove')}
                onClick={() => {
                  put(routes.filter((_, index) => index !== at));
                }}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </Group>
          </Group>
          {treatment(route).map((line) => (
            <Code key={line}>{line}</Code>
          ))}
        </Stack>
      ))}
      {error && (
        <Text size="sm" c="red" role="alert">
          {error}
        </Text>
      )}
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            put([...routes, { from: '' }]);
          }}
        >
          {t('route.add')}
        </Button>
      </Group>
      {routes.length > 0 && <Landings routes={routes} />}
    </Stack>
  );
}

/** The route with another name on one side; the settings besides stay. Without a name at the target the names stay. */
function withSide<R extends RouteText>(route: R, side: 'from' | 'to', value: string): R {
  if (side === 'to' && value === '') {
    const { to: _, ...rest } = route;
    return rest as R;
  }
  return { ...route, [side]: value };
}

function Landings({ routes }: { routes: readonly RouteText[] }) {
  const { t } = useTranslation('edit');
  const { spec, stored } = useSpecForm();
  const { host, port, user, password } = spec.producer;
  const list = useQuery({
    queryKey: ['source', 'tables', { host, port, user, password }, null, stored],
    queryFn: () => listSourceTables({ producer: spec.producer, schema: null, task: stored }),
    enabled: host !== '' && user !== '',
    staleTime: SOURCE_FRESH_MS,
    retry: false,
  });
  const chosen = (list.data?.tables ?? []).filter((table) =>
    isChosen(table, spec.producer.tables ?? undefined, spec.producer.exclude ?? []),
  );
  if (chosen.length === 0) return null;
  const renamed = chosen.filter((table) => landing(table, routes) !== `${table.schema}.${table.name}`);
  const shown = [...renamed, ...chosen.filter((table) => !renamed.includes(table))].slice(0, PREVIEW_MAX);
  return (
    <Table withTableBorder verticalSpacing={2} fz="xs">
      <Table.Caption>{t('route.landings', { shown: shown.length, of: chosen.length })}</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('route.at_source')}</Table.Th>
          <Table.Th>{t('route.at_target')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody ff="monospace">
        {shown.map((table) => (
          <Table.Tr key={`${table.schema}.${table.name}`}>
            <Table.Td>{`${table.schema}.${table.name}`}</Table.Td>
            <Table.Td fw={renamed.includes(table) ? 600 : 400}>{landing(table, routes)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
