import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function AlertsPage() {
  const { t } = useTranslation('alerts');
  return <PageHeader title={t('title')} />;
}
