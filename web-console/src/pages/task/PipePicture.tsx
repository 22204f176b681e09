// Source → producer → queue → consumer → target, with what flows; the part that holds the others up is marked.
import { IconArrowRight, IconDatabase, IconDownload, IconHourglass, IconStack2, IconUpload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Status } from '../../api/task';
import { formatAmount, formatBytes } from '../../kit/format';
import { Pill } from '../../kit/Pill';
import { parts, queueFill, type PartName } from './pipe';
import classes from './PipePicture.module.css';

const ICONS = {
  source: IconDatabase,
  producer: IconDownload,
  queue: IconStack2,
  consumer: IconUpload,
  target: IconDatabase,
} as const;

export function PipePicture({ status, queueMost }: { status: Status; queueMost: number }) {
  const { t } = useTranslation('task');
  return (
    <ol className={classes.pipe} aria-label={t('pipe.label')}>
      {parts(status).map(({ name, blocked }) => {
        const Icon = ICONS[name];
        return (
          <li key={name} className={`${classes.part} ${blocked ? classes.blocked : ''}`}>
            {name !== 'source' && <IconArrowRight size={18} aria-hidden className={classes.arrow} />}
            <div className={classes.box}>
              <div className={classes.name}>
                <Icon size={16} aria-hidden />
                {t(`pipe.${name}`)}
              </div>
              <Facts name={name} status={status} queueMost={queueMost} />
              {blocked && (
                <Pill tone="warn" icon={IconHourglass}>
                  {t('pipe.blocked')}
                </Pill>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function Facts({ name, status, queueMost }: { name: PartName; status: Status; queueMost: number }) {
  const { t } = useTranslation('task');
  const { progress } = status;
  switch (name) {
    case 'source':
      return (
        <>
          <div className="mono">{status.source.address}</div>
          <div className="soft mono">
            {status.source_head ? `${status.source_head.file}:${status.source_head.offset}` : '–'}
          </div>
        </>
      );
    case 'producer':
      return <div>{progress ? t('pipe.per_second', { amount: formatBytes(progress.bytes_per_second) }) : '–'}</div>;
    case 'queue': {
      const fill = queueFill(progress?.queue_bytes, queueMost);
      return (
        <>
          <div>
            {progress ? t('pipe.of', { now: formatBytes(progress.queue_bytes), most: formatBytes(queueMost) }) : '–'}
          </div>
          <meter className={classes.meter} min={0} max={1} value={fill ?? 0} aria-label={t('pipe.fill')} />
        </>
      );
    }
    case 'consumer':
      return (
        <>
          <div>{progress ? t('pipe.rows', { amount: formatAmount(progress.rows_per_second) }) : '–'}</div>
          <div className="soft">
            {progress ? t('pipe.transactions', { amount: formatAmount(progress.transactions_per_second) }) : '–'}
          </div>
        </>
      );
    case 'target':
      return (
        <>
          <div className="mono">{status.target.address}</div>
          <div className="soft mono">
            {status.checkpoint ? `${status.checkpoint.position.file}:${status.checkpoint.position.offset}` : '–'}
          </div>
          {progress && progress.conflicts > 0 && (
            <div style={{ color: 'var(--warn-text)' }}>{t('pipe.conflicts', { count: progress.conflicts })}</div>
          )}
          {progress && progress.schema_changes_ignored > 0 && (
            <div style={{ color: 'var(--warn-text)' }}>
              {t('pipe.schema_changes_ignored', { count: progress.schema_changes_ignored })}
            </div>
          )}
        </>
      );
  }
}
