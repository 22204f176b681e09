import { NativeSelect, Select, SimpleGrid } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { KINDS, kindsOf, policyOf, withPolicy, type Kind, type Policy } from './ddl';
import { useFieldError, useSpecForm } from './FormFields';
import { valueAt } from './spec';

const PATH = 'consumer.ddl';

/** What happens to schema changes, and to single kinds of them where that is something else. */
export function SchemaChanges() {
  const { t } = useTranslation('edit');
  const { spec, change } = useSpecForm();
  const error = useFieldError(PATH);
  const value = valueAt(spec, PATH);
  const named = kindsOf(value);
  const free = KINDS.filter((kind) => !named.includes(kind));
  const choices: { value: Policy; label: string }[] = [
    { value: 'apply', label: t('target.ddl_apply') },
    { value: 'ignore', label: t('target.ddl_ignore') },
    { value: 'stop', label: t('target.ddl_stop') },
  ];
  const put = (kind: Kind | 'default', policy: Policy | undefined) => {
    change(PATH, withPolicy(value, kind, policy));
  };
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
      <NativeSelect
        label={t('target.ddl')}
        data={choices}
        error={error}
        value={policyOf(value, 'default') ?? 'apply'}
        onChange={({ currentTarget }) => {
          put('default', currentTarget.value as Policy);
        }}
      />
      {named.map((kind) => (
        <NativeSelect
          key={kind}
          label={t('target.ddl_of', { kind })}
          data={[{ value: '', label: t('target.ddl_as_others') }, ...choices]}
          value={policyOf(value, kind) ?? ''}
          onChange={({ currentTarget }) => {
            put(kind, currentTarget.value === '' ? undefined : (currentTarget.value as Policy));
          }}
        />
      ))}
      <Select
        label={t('target.ddl_kind')}
        placeholder={t('target.ddl_kind_about')}
        data={[...free]}
        value={null}
        onChange={(kind) => {
          const found = free.find((one) => one === kind);
          if (found) put(found, 'stop');
        }}
      />
    </SimpleGrid>
  );
}
