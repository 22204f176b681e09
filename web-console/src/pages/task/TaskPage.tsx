import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/PageHeader';

export function TaskPage() {
  const { t } = useTranslation('task');
  return <PageHeader title={t('title')} />;
}
