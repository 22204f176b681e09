// One route: its names, its place among the others, and what it does to rows.

import { ActionIcon, Group, Stack, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useFieldError } from './FormFields';
import { RowChanges } from './RowChanges';
import { withSetting, type Route } from './shapes';

interface Props {
  route: Route;
  at: number;
  last: boolean;
  onChange: (route: Route) => void;
  onMove: (by: number) => void;
  onRemove: () => void;
}

export function RouteFields({ route, at, last, onChange, onMove, onRemove }: Props) {
  const { t } = useTranslation('edit');
  const key = `route[${String(at)}]`;
  const wrong = { from: useFieldError(`${key}.from`), to: useFieldError(`${key}.to`) };
  return (
    <Stack gap={4} role="group" aria-label={t('route.nth', { n: at + 1 })}>
      <Group gap="xs" align="flex-start" wrap="nowrap">
        {(['from', 'to'] as const).map((side) => (
          <TextInput
            key={side}
            label={t(`route.${side}`)}
            placeholder={side === 'from' ? 'shop.order_*' : 'warehouse.{table}'}
            spellCheck={false}
            flex={1}
            miw={0}
            error={wrong[side]}
            value={route[side] ?? ''}
            onChange={({ currentTarget: { value } }) => {
              // Without a name at the target the names stay.
              onChange(side === 'from' ? { ...route, from: value } : withSetting(route, 'to', value));
            }}
          />
        ))}
        <Group gap={2} wrap="nowrap" pt={28}>
          <ActionIcon
            variant="subtle"
            aria-label={t('route.up')}
            disabled={at === 0}
            onClick={() => {
              onMove(-1);
            }}
          >
            <IconArrowUp size={16} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            aria-label={t('route.down')}
            disabled={last}
            onClick={() => {
              onMove(1);
            }}
          >
            <IconArrowDown size={16} />
          </ActionIcon>
          <ActionIcon variant="subtle" color="red" aria-label={t('route.remove')} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      </Group>
      <RowChanges route={route} at={at} onChange={onChange} />
    </Stack>
  );
}
