// How far a target is behind. Unknown is unknown, and 0 is 0.
import { useTranslation } from 'react-i18next';
import { formatDuration } from './format';

/** From this many seconds on the text takes the warning tone. Only a look: rules decide what is an alert. */
const WARN_S = 60;

export function LagText({ seconds }: { seconds: number | null | undefined }) {
  const { t } = useTranslation('kit');
  if (seconds === null || seconds === undefined) return <span className="soft">{t('lagUnknown')}</span>;
  return (
    <span style={seconds >= WARN_S ? { color: 'var(--warn-text)', fontWeight: 600 } : undefined}>
      {formatDuration(seconds)}
    </span>
  );
}
