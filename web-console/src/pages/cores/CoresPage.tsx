import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function CoresPage() {
  const { t } = useTranslation('cores');
  return <PageHeader title={t('title')} />;
}
