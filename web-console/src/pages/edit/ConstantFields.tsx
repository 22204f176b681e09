// A constant: a text, a whole number, or true or false.

import { NativeSelect, NumberInput, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Constant } from './shapes';

const KINDS = ['text', 'number', 'true', 'false'] as const;
type Kind = (typeof KINDS)[number];

function kindOf(constant: Constant): Kind {
  if (typeof constant === 'boolean') return constant ? 'true' : 'false';
  return typeof constant === 'number' ? 'number' : 'text';
}

const FIRST: Record<Kind, Constant> = { text: '', number: 0, true: true, false: false };

interface Props {
  constant: Constant;
  error: ReactNode;
  onChange: (constant: Constant) => void;
}

export function ConstantFields({ constant, error, onChange }: Props) {
  const { t } = useTranslation('edit');
  return (
    <>
      <NativeSelect
        label={t('shape.constant_kind')}
        flex="1 1 130px"
        data={KINDS.map((value) => ({ value, label: t(`shape.kind.${value}`) }))}
        value={kindOf(constant)}
        onChange={({ currentTarget }) => {
          onChange(FIRST[currentTarget.value as Kind]);
        }}
      />
      {typeof constant === 'string' && (
        <TextInput
          label={t('shape.constant')}
          autoComplete="off"
          spellCheck={false}
          flex="1 1 150px"
          error={error}
          value={constant}
          onChange={({ currentTarget }) => {
            onChange(currentTarget.value);
          }}
        />
      )}
      {typeof constant === 'number' && (
        <NumberInput
          label={t('shape.constant')}
          flex="1 1 150px"
          allowDecimal={false}
          hideControls
          error={error}
          value={constant}
          onChange={(given) => {
            onChange(typeof given === 'number' ? given : 0);
          }}
        />
      )}
    </>
  );
}
