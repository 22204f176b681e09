import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function RulesPage() {
  const { t } = useTranslation('rules');
  return <PageHeader title={t('title')} />;
}
