// Where the task is in the source's log, and the two ways of moving it by hand.
import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session';
import type { Position, Status } from '../../api/task';
import { CopyButton } from '../../kit/CopyButton';
import { formatBytes, formatCount } from '../../kit/format';
import { Panel } from '../../kit/Panel';
import { TimeAgo } from '../../kit/TimeAgo';
import { gtidCount, gtidParts } from './gtid';
import { bytesBehind } from './pipe';
import classes from './PositionTab.module.css';
import { RewindPanel } from './RewindPanel';
import { SkipPanel } from './SkipPanel';

export function PositionTab({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const mayOperate = useMay('operator');
  const held = status.state === 'failed' || status.state === 'paused';
  return (
    <Stack gap="md">
      <Panel title={t('position.title')}>
        <Facts status={status} />
      </Panel>
      {mayOperate && <RewindPanel status={status} />}
      {mayOperate && held && <SkipPanel status={status} />}
      {mayOperate && !held && (
        <Text size="sm" className="soft">
          {t('skip.only')}
        </Text>
      )}
    </Stack>
  );
}

function Facts({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const checkpoint = status.checkpoint ?? status.last_commit;
  const behind = bytesBehind(checkpoint?.position, status.source_head);
  return (
    <dl className={classes.facts}>
      <Fact name={t('position.checkpoint')}>
        {checkpoint ? <Place position={checkpoint.position} /> : t('position.none')}
        {checkpoint && (
          <div className="soft">
            {t('position.server')} <span className="mono">{checkpoint.server}</span> · {t('position.written')}{' '}
            <TimeAgo at={checkpoint.written_at} />
          </div>
        )}
      </Fact>
      <Fact name={t('position.head')}>
        {status.source_head ? <Place position={status.source_head} /> : t('position.unknown')}
        {behind !== null && <div className="soft">{t('position.behind', { bytes: formatBytes(behind) })}</div>}
      </Fact>
      <Fact name={t('position.gtid_set')}>
        {checkpoint?.gtid_set ? (
          <GtidSet set={checkpoint.gtid_set} what={t('position.gtid_set')} />
        ) : (
          t('position.no_gtid')
        )}
      </Fact>
      {status.checkpoint_gtid_missing !== undefined && status.checkpoint_gtid_missing !== null && (
        <Fact name={t('position.missing')}>
          {status.checkpoint_gtid_missing === '' ? (
            t('position.nothing_missing')
          ) : (
            <GtidSet set={status.checkpoint_gtid_missing} what={t('position.missing')} />
          )}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Place({ position }: { position: Position }) {
  const { t } = useTranslation('task');
  const text = `${position.file}:${position.offset}`;
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 4 }}>
      <span className="mono">{text}</span>
      <CopyButton text={text} what={t('position.place')} />
    </span>
  );
}

export function GtidSet({ set, what }: { set: string; what: string }) {
  const { t, i18n } = useTranslation('task');
  const count = gtidCount(set);
  return (
    <div>
      <ul className={classes.gtids}>
        {gtidParts(set).map(({ label, full, intervals }) => (
          <li key={full} title={full} className="mono">
            {label && <span className="soft">{label}:</span>}
            {intervals}
          </li>
        ))}
      </ul>
      {count !== null && (
        <span className="soft">{t('position.transactions', { transactions: formatCount(count, i18n.language) })} </span>
      )}
      <CopyButton text={set} what={what} />
    </div>
  );
}
