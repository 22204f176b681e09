import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function EditTaskPage() {
  const { t } = useTranslation('edit');
  return <PageHeader title={t('title')} />;
}
