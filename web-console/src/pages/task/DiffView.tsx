// A unified diff as lines with their numbers; signs as well as colours tell what was added and what removed.
import { useTranslation } from 'react-i18next';
import { diffRows } from './diff';
import classes from './DiffView.module.css';

const SIGN = { added: '+', removed: '−', same: ' ', hunk: ' ' } as const;

interface Props {
  diff: string;
  /** Keys of secrets that differ, which the text does not show. */
  secrets?: readonly string[];
}

export function DiffView({ diff, secrets = [] }: Props) {
  const { t } = useTranslation('task');
  return (
    <>
      <Rows diff={diff} same={secrets.length === 0} />
      {secrets.length > 0 && <p>{t('diff.secrets', { keys: secrets.join(', ') })}</p>}
    </>
  );
}

function Rows({ diff, same }: { diff: string; same: boolean }) {
  const { t } = useTranslation('task');
  const rows = diffRows(diff);
  if (rows.length === 0) return same ? <p className="soft">{t('diff.same')}</p> : null;
  return (
    <div className={classes.scroll} tabIndex={0} role="group" aria-label={t('diff.label')}>
      <table className={classes.diff}>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at} className={classes[row.kind]}>
              <td className={classes.number}>{row.from ?? ''}</td>
              <td className={classes.number}>{row.to ?? ''}</td>
              <td className={classes.text}>
                {SIGN[row.kind]} {row.text}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
