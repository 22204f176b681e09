// How an operation ended.
import { IconBan, IconCheck, IconCircleX, type Icon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '../../api/audit';
import { Pill, type Tone } from '../../kit/Pill';

const LOOKS: Record<AuditEntry['outcome'], { tone: Tone; icon: Icon }> = {
  done: { tone: 'good', icon: IconCheck },
  refused: { tone: 'warn', icon: IconBan },
  failed: { tone: 'bad', icon: IconCircleX },
};

export function OutcomePill({ outcome }: { outcome: AuditEntry['outcome'] }) {
  const { t } = useTranslation('audit');
  return (
    <Pill tone={LOOKS[outcome].tone} icon={LOOKS[outcome].icon}>
      {t(`outcome.${outcome}`)}
    </Pill>
  );
}
