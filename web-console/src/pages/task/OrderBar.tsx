// The orders a task takes. What was ordered is shown at once as what is wanted; what is follows.
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPencil, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconSwitchHorizontal } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { asProblem } from '../../api/problem';
import { useMay } from '../../api/session';
import { deleteTask } from '../../api/specs';
import { giveOrder, handOver, statusQuery, type Order, type OrderKind, type Status } from '../../api/task';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { allowedOrders, mayDelete, mayHandOver } from './orders';

const ICONS = { start: IconPlayerPlay, resume: IconPlayerPlay, pause: IconPlayerPause, stop: IconPlayerStop } as const;

/** Lays what was ordered into the cache, so that it is shown before the task obeys. */
export function useOrdered(name: string) {
  const cache = useQueryClient();
  return (order: Order): void => {
    cache.setQueryData(statusQuery(name).queryKey, (status) => status && { ...status, desired: order.desired });
    void cache.invalidateQueries({ queryKey: statusQuery(name).queryKey });
    void cache.invalidateQueries({ queryKey: keys.tasks });
  };
}

export function OrderBar({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const mayOperate = useMay('operator');
  if (!mayOperate) return null;
  return (
    <Group gap="xs">
      {allowedOrders(status).map((order) => (
        <OrderButton key={order} status={status} order={order} />
      ))}
      <Button
        variant="default"
        leftSection={<IconPencil size={15} aria-hidden />}
        renderRoot={(props) => <Link to="/tasks/$name/edit" params={{ name: status.name }} {...props} />}
      >
        {t('order.edit')}
      </Button>
      {mayHandOver(status) && <HandOver status={status} />}
      {mayDelete(status) && <Delete status={status} />}
    </Group>
  );
}

function OrderButton({ status, order }: { status: Status; order: OrderKind }) {
  const { t } = useTranslation('task');
  const ordered = useOrdered(status.name);
  const Icon = ICONS[order];
  const act = async () => {
    ordered(await giveOrder(status.name, order));
  };
  const giving = useMutation({
    mutationFn: act,
    onError: (error) => {
      const problem = asProblem(error);
      notifications.show({ color: 'red', title: problem.detail, message: problem.hint });
    },
  });
  if (order === 'start' || order === 'resume') {
    return (
      <Button
        leftSection={<Icon size={15} aria-hidden />}
        loading={giving.isPending}
        onClick={() => {
          giving.mutate();
        }}
      >
        {t(`order.${order}`)}
      </Button>
    );
  }
  return (
    <ConfirmAction
      label={t(`order.${order}`)}
      title={t(`order.${order}_title`, { name: status.name })}
      act={act}
      button={{ leftSection: <Icon size={15} aria-hidden /> }}
    >
      <Text size="sm">{t(`order.${order}_about`)}</Text>
    </ConfirmAction>
  );
}

function HandOver({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const ordered = useOrdered(status.name);
  const next = status.instances.find(({ role }) => role === 'STANDBY');
  return (
    <ConfirmAction
      label={t('order.handover')}
      title={t('order.handover_title', { name: status.name })}
      act={async () => {
        ordered(await handOver(status.name));
      }}
      button={{ leftSection: <IconSwitchHorizontal size={15} aria-hidden /> }}
    >
      <Text size="sm">{t('order.handover_about', { from: status.running?.core ?? '', to: next?.core ?? '' })}</Text>
    </ConfirmAction>
  );
}

function Delete({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const cache = useQueryClient();
  const navigate = useNavigate();
  return (
    <ConfirmAction
      label={t('order.delete')}
      title={t('order.delete_title', { name: status.name })}
      dangerous
      typed={status.name}
      act={async () => {
        await deleteTask(status.name, status.version);
        void cache.invalidateQueries({ queryKey: keys.tasks });
        await navigate({ to: '/tasks', search: {} });
      }}
    >
      <Text size="sm">{t('order.delete_about')}</Text>
    </ConfirmAction>
  );
}
