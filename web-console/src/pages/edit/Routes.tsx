// Where tables go under another name, what becomes of their rows, and where each of the source's then lands.

import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { SourceTable } from '../../api/sources';
import { Notice } from '../../kit/Notice';
import { errorLines, useSpecForm } from './FormFields';
import { RouteFields } from './RouteFields';
import { RoutePreview } from './RoutePreview';
import type { Route } from './shapes';
import { errorsAt } from './spec';
import { landing, type RouteText } from './tables';
import { useChosenTables } from './useChosenTables';

/** Most tables shown with where they land. */
const PREVIEW_MAX = 12;

export function Routes() {
  const { t } = useTranslation('edit');
  const { spec, errors, change } = useSpecForm();
  const routes = spec.route ?? [];
  // What is said of one route is shown there.
  const error = errorLines(
    errorsAt(errors, 'route').filter(({ key }) => !routes.some((_, at) => key.startsWith(`route[${String(at)}]`))),
  );
  const put = (changed: readonly Route[]): void => {
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
        <RouteFields
          key={at}
          route={route}
          at={at}
          last={at === routes.length - 1}
          onChange={(changed) => {
            put(routes.map((known, index) => (index === at ? changed : known)));
          }}
          onMove={(by) => {
            move(at, by);
          }}
          onRemove={() => {
            put(routes.filter((_, index) => index !== at));
          }}
        />
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
      {routes.length > 0 && <Outcome routes={routes} />}
    </Stack>
  );
}

/** What the routes make of the tables that there are. */
function Outcome({ routes }: { routes: readonly Route[] }) {
  const { t } = useTranslation('edit');
  const { tables, unread } = useChosenTables();
  if (unread) return <Notice tone="calm">{t('tables.unreadable')}</Notice>;
  if (tables.length === 0) return null;
  return (
    <>
      <Landings chosen={tables} routes={routes} />
      <RoutePreview chosen={tables} routes={routes} />
    </>
  );
}

function Landings({ chosen, routes }: { chosen: readonly SourceTable[]; routes: readonly RouteText[] }) {
  const { t } = useTranslation('edit');
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
