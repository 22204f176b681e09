import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function OverviewPage() {
  const { t } = useTranslation('overview');
  return <PageHeader title={t('title')} />;
}
