// A field that only some kinds of channels have.
import { NativeSelect, NumberInput, TagsInput, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ChannelSpec } from '../../api/channels';
import { SecretInput } from '../edit/SecretInput';
import type { Field } from './draft';

const PORT_MAX = 65_535;

interface Props {
  field: Field;
  spec: ChannelSpec;
  onChange: (value: unknown) => void;
}

export function KindField({ field, spec, onChange }: Props) {
  const { t } = useTranslation('channels');
  switch (field) {
    case 'url':
    case 'secret':
    case 'password':
    case 'token':
      return <SecretInput label={t(`field.${field}`)} place="monitor" secret={spec[field]} onChange={onChange} />;
    case 'security':
      return (
        <NativeSelect
          label={t('field.security')}
          value={spec.security ?? 'starttls'}
          data={[
            { value: 'starttls', label: 'STARTTLS' },
            { value: 'tls', label: 'TLS' },
            { value: 'none', label: t('unprotected') },
          ]}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      );
    case 'port':
      return (
        <NumberInput
          label={t('field.port')}
          min={1}
          max={PORT_MAX}
          hideControls
          value={spec.port ?? ''}
          onChange={(value) => onChange(typeof value === 'number' ? value : undefined)}
        />
      );
    case 'to':
    case 'urls':
      return (
        <TagsInput
          label={t(`field.${field}`)}
          placeholder={field === 'to' ? 'ops@example.com' : 'http://alertmanager:9093'}
          splitChars={[',', ' ']}
          acceptValueOnBlur
          value={spec[field] ?? []}
          onChange={onChange}
        />
      );
    case 'host':
    case 'user':
    case 'from':
      return (
        <TextInput
          label={t(`field.${field}`)}
          required={field !== 'user'}
          value={spec[field] ?? ''}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      );
  }
}
