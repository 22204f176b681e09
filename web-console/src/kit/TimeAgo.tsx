// A moment, told from now; the exact time is in its title and for machines.
import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatAgo, formatMoment } from './format';

const TICK_MS = 5_000;

export function TimeAgo({ at }: { at: string | null | undefined }) {
  const { t, i18n } = useTranslation('kit');
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(ticking);
  }, []);
  const moment = at ? Date.parse(at) : NaN;
  if (!at || Number.isNaN(moment)) return <span className="soft">{t('never')}</span>;
  return (
    <Tooltip label={formatMoment(new Date(moment), i18n.language)}>
      <time dateTime={at}>{formatAgo(moment, now, i18n.language)}</time>
    </Tooltip>
  );
}
