// Alerts with what they say, who has taken them on, and what can be done about them.
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { acknowledge, unacknowledge, type Alert, type AlertSubject } from '../../api/alerts';
import { keys } from '../../api/keys';
import { useMay } from '../../api/session';
import { useCodes } from '../../i18n/codes';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { SeverityPill } from '../../kit/SeverityPill';
import { EmptyState } from '../../kit/EmptyState';
import { TimeAgo } from '../../kit/TimeAgo';
import { SilenceButton } from '../silences/SilenceButton';
import { amountText, inOrder } from './amounts';

export function AlertList({ alerts, over = false }: { alerts: readonly Alert[]; over?: boolean }) {
  const { t } = useTranslation('alerts');
  if (alerts.length === 0) {
    return <EmptyState icon={IconCheck} title={over ? t('none_resolved') : t('none')} />;
  }
  return (
    <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
      {inOrder(alerts).map((alert) => (
        <li key={`${alert.id} ${alert.since}`} className="panel" style={{ padding: '10px 14px' }}>
          <AlertCard alert={alert} />
        </li>
      ))}
    </Stack>
  );
}

function AlertCard({ alert }: { alert: Alert }) {
  const { t } = useTranslation('alerts');
  const value = amountText(alert.value, alert.unit);
  const threshold = amountText(alert.threshold, alert.unit);
  const silenced = alert.silenced_by?.length ?? 0;
  const say = useCodes();
  const title = say('rule', alert.rule, 'title');
  const hint = say('rule', alert.rule, 'do') ?? alert.hint;
  return (
    <Group justify="space-between" align="flex-start" gap="sm">
      <div style={{ minWidth: 0, flex: '1 1 320px', overflowWrap: 'anywhere' }}>
        <Group gap="xs">
          <SeverityPill severity={alert.severity} />
          <Text component="span" fw={600}>
            <Subject subject={alert.subject} />
          </Text>
          {title !== undefined && <span>{title}</span>}
          <span className="mono soft">{alert.rule}</span>
        </Group>
        <Text size="sm" mt={4}>
          {alert.reason}
          {value !== null && threshold !== null && <span className="soft"> {t('value', { value, threshold })}</span>}
        </Text>
        {hint !== '' && (
          <Text size="sm" className="soft">
            {hint}
          </Text>
        )}
        <Text size="xs" className="soft" mt={4} component="div">
          {t(`state.${alert.state}`)} <TimeAgo at={alert.since} />
          {alert.resolved_at && (
            <>
              {' · '}
              {t('over')} <TimeAgo at={alert.resolved_at} />
            </>
          )}
          {(alert.notices ?? 0) > 0 && ` · ${t('told', { count: alert.notices ?? 0 })}`}
          {silenced > 0 && (
            <>
              {' · '}
              <Link to="/silences">{t('silenced')}</Link>
            </>
          )}
        </Text>
        {alert.acknowledged && (
          <Text size="sm" mt={4}>
            {t('taken', { by: alert.acknowledged.by })} <TimeAgo at={alert.acknowledged.at} />
            {alert.acknowledged.note !== '' && `: ${alert.acknowledged.note}`}
          </Text>
        )}
      </div>
      {alert.state !== 'resolved' && <Actions alert={alert} />}
    </Group>
  );
}

function Subject({ subject }: { subject: AlertSubject }) {
  const { t } = useTranslation('alerts');
  if (subject.task) {
    return (
      <Link to="/tasks/$name" params={{ name: subject.task }}>
        {subject.task}
      </Link>
    );
  }
  const name = subject.core ?? subject.channel ?? subject.group ?? '';
  return (
    <>
      {t(`subject.${subject.kind}`)} {name}
    </>
  );
}

function Actions({ alert }: { alert: Alert }) {
  const { t } = useTranslation('alerts');
  const cache = useQueryClient();
  const mayOperate = useMay('operator');
  const [note, setNote] = useState('');
  if (!mayOperate) return null;
  const again = () => cache.invalidateQueries({ queryKey: keys.alerts });
  return (
    <Group gap="xs">
      {/* What does not fire yet can't be taken on. */}
      {alert.state === 'pending' ? null : alert.acknowledged ? (
        <Button
          variant="default"
          onClick={() => {
            void unacknowledge(alert.id).then(again);
          }}
        >
          {t('give_back')}
        </Button>
      ) : (
        <ConfirmAction
          label={t('acknowledge')}
          title={t('acknowledge_title')}
          act={async () => {
            await acknowledge(alert.id, note.trim());
            await again();
          }}
        >
          <Stack gap="sm">
            <Text size="sm">{t('acknowledge_about')}</Text>
            <TextInput label={t('note')} value={note} onChange={({ currentTarget }) => setNote(currentTarget.value)} />
          </Stack>
        </ConfirmAction>
      )}
      <SilenceButton
        label={t('silence')}
        initial={{
          rule: alert.rule,
          ...(alert.subject.task && { task: alert.subject.task }),
          ...(!alert.subject.task && alert.subject.core && { core: alert.subject.core }),
        }}
      />
    </Group>
  );
}
