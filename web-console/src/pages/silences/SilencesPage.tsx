import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function SilencesPage() {
  const { t } = useTranslation('silences');
  return <PageHeader title={t('title')} />;
}
