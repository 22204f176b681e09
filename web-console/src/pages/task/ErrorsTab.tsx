// What went wrong: now, and what a retry overcame.
import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Status } from '../../api/task';
import { EmptyState } from '../../kit/EmptyState';
import { FailureNotice } from './FailureNotice';

export function ErrorsTab({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const { failure, explanation, state, retries } = status;
  if (!failure && !explanation) return <EmptyState title={t('failure.none')} text={t('failure.none_about')} />;
  const now = state === 'failed' || state === 'retrying';
  const same = explanation && failure && explanation.code === failure.code && explanation.reason === failure.reason;
  return (
    <Stack gap="md">
      {explanation && !same && (
        <section>
          <Text fw={600} mb={4}>
            {t('failure.explanation')}
          </Text>
          <FailureNotice failure={explanation} tone="warn" />
        </section>
      )}
      {failure && (
        <section>
          <Text fw={600} mb={4}>
            {now ? t('failure.now') : t('failure.overcome')}
          </Text>
          <FailureNotice failure={failure} tone={state === 'failed' ? 'bad' : 'warn'} />
        </section>
      )}
      {retries > 0 && <Text size="sm">{t('failure.retries', { count: retries })}</Text>}
    </Stack>
  );
}
