import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function TokensPage() {
  const { t } = useTranslation('access');
  return <PageHeader title={t('title')} />;
}
