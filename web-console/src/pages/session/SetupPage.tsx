import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function SetupPage() {
  const { t } = useTranslation('session');
  return <PageHeader title={t('title')} />;
}
