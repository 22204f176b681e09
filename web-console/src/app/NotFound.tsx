// What stands in for a page that is not there, failed, or still loads.
import { Button, Center, Loader, Stack, Text, Title } from '@mantine/core';
import { type ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { TextLink } from '../kit/TextLink';

export function NotFound() {
  const { t } = useTranslation('shell');
  return (
    <Center component="main" mih="60vh" p="md">
      <Stack align="center">
        <Title order={1}>{t('notFound.title')}</Title>
        <Text>{t('notFound.text')}</Text>
        <TextLink to="/">{t('notFound.home')}</TextLink>
      </Stack>
    </Center>
  );
}

/** A defect of the console, or a chunk of an older version that the Server no longer has. */
export function PageFailed({ error }: ErrorComponentProps) {
  const { t } = useTranslation('shell');
  return (
    <Center mih="60vh" p="md">
      <Stack align="center" role="alert">
        <Title order={1}>{t('failed.title')}</Title>
        <Text className="mono">{error instanceof Error ? error.message : String(error)}</Text>
        <Button onClick={() => window.location.reload()}>{t('failed.reload')}</Button>
      </Stack>
    </Center>
  );
}

export function PageLoads() {
  const { t } = useTranslation('shell');
  return (
    <Center mih="40vh">
      <Loader size="sm" role="status" aria-label={t('loading')} />
    </Center>
  );
}
