// Says that what is shown is old, and from when, as soon as the Server is not heard any more.
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { readContact, useContact } from '../../api/contact';
import { formatClock } from '../../kit/format';
import classes from './Shell.module.css';

export function ContactBar() {
  const { t, i18n } = useTranslation('shell');
  const { stale } = useContact();
  return (
    <div role="status" aria-live="polite">
      {stale ? (
        <div className={`${classes['contact'] ?? ''} tone-bad`}>
          <IconPlugConnectedX size={17} aria-hidden />
          {t('away', { time: formatClock(new Date(readContact().heardAt), i18n.language) })}
        </div>
      ) : null}
    </div>
  );
}
