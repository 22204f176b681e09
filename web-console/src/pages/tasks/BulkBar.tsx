// The same order to several tasks.
import { Group, List, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../../api/problem';
import type { OrderKind } from '../../api/task';
import { orderAll, type Ordered } from '../../api/tasks';
import { ConfirmAction } from '../../kit/ConfirmAction';

const ORDERS = ['start', 'pause', 'resume', 'stop'] as const satisfies readonly OrderKind[];

export function BulkBar({ names, onDone }: { names: readonly string[]; onDone: () => void }) {
  const { t } = useTranslation('tasks');
  const cache = useQueryClient();
  const [refused, setRefused] = useState<Ordered[]>([]);
  const act = async (order: OrderKind) => {
    const results = await orderAll(cache, names, order);
    const failed = results.filter((one) => one.order === null);
    setRefused(failed);
    if (failed.length === 0) onDone();
  };
  return (
    <Stack gap="xs" className="panel" p="xs" role="region" aria-label={t('selected', { count: names.length })}>
      <Group gap="xs">
        <Text size="sm" fw={600} px="xs">
          {t('selected', { count: names.length })}
        </Text>
        {ORDERS.map((order) => (
          <ConfirmAction
            key={order}
            label={t(`order.${order}`)}
            title={t(`confirm.${order}`, { count: names.length })}
            act={() => act(order)}
            dangerous={order === 'stop'}
          >
            <Text size="sm">{t(`means.${order}`)}</Text>
            <List size="sm" mt="xs" mah={220} style={{ overflowY: 'auto' }}>
              {names.map((name) => (
                <List.Item key={name}>{name}</List.Item>
              ))}
            </List>
          </ConfirmAction>
        ))}
      </Group>
      {refused.length > 0 && (
        <List size="sm" px="xs" role="alert">
          {refused.map(({ name, problem }) => (
            <List.Item key={name}>
              <strong>{name}</strong>: {asProblem(problem).detail} – {asProblem(problem).hint}
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}
