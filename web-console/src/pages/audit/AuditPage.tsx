import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function AuditPage() {
  const { t } = useTranslation('audit');
  return <PageHeader title={t('title')} />;
}
