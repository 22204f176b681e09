// How bad an alert is.
import { IconAlertTriangle, IconCircleX, IconInfoCircle, type Icon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Pill, type Tone } from './Pill';

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

const LOOKS: Record<Severity, { tone: Tone; icon: Icon }> = {
  critical: { tone: 'bad', icon: IconCircleX },
  warning: { tone: 'warn', icon: IconAlertTriangle },
  info: { tone: 'busy', icon: IconInfoCircle },
};

export function SeverityPill({ severity }: { severity: Severity }) {
  const { t } = useTranslation('words');
  return (
    <Pill tone={LOOKS[severity].tone} icon={LOOKS[severity].icon}>
      {t(`severity.${severity}`)}
    </Pill>
  );
}
