// The fields that every MySQL or MariaDB server has, at either end.

import { SimpleGrid } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { SpecChoice, SpecNumber, SpecText, useSpecForm } from './FormFields';
import { SecretField } from './SecretField';
import { valueAt } from './spec';

const PORT_MAX = 65_535;

export function ServerFields({ end }: { end: 'producer' | 'consumer' }) {
  const { t } = useTranslation('edit');
  const { spec } = useSpecForm();
  const mode = valueAt(spec, `${end}.tls.mode`);
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xs">
        <SpecText path={`${end}.host`} label={t('server.host')} placeholder="db1.example" required />
        <SpecNumber path={`${end}.port`} label={t('server.port')} placeholder="3306" min={1} max={PORT_MAX} />
        <SpecText path={`${end}.user`} label={t('server.user')} placeholder="replicator" required />
      </SimpleGrid>
      <SecretField path={`${end}.password`} label={t('server.password')} />
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
        <SpecChoice
          path={`${end}.tls.mode`}
          label={t('server.tls')}
          choices={[
            { value: 'off', label: t('server.tls_off') },
            { value: 'required', label: t('server.tls_required') },
            { value: 'verify', label: t('server.tls_verify') },
          ]}
        />
        {(mode === 'verify' || mode === 'required') && (
          <SpecText path={`${end}.tls.ca`} label={t('server.ca')} placeholder="/etc/ssl/company.pem" />
        )}
      </SimpleGrid>
    </>
  );
}
