import { SimpleGrid, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ConnectionTest } from './ConnectionTest';
import { SpecText, useSpecForm } from './FormFields';
import { ServerFields } from './ServerFields';

export function SourceStep() {
  const { t } = useTranslation('edit');
  const { stored } = useSpecForm();
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
        <SpecText
          path="name"
          label={t('source.name')}
          description={t('source.name_about')}
          placeholder="copy_shop"
          required
          disabled={stored !== undefined}
        />
        <SpecText
          path="group"
          label={t('source.group')}
          description={t('source.group_about')}
          placeholder="group1"
          required
        />
      </SimpleGrid>
      <ServerFields end="producer" />
      <ConnectionTest end="source" />
    </Stack>
  );
}
