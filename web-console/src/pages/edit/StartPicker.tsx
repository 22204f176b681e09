// Choosing a place in the source's log: for a new task's start and for a rewind.

import { Group, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StartFields, StartKind } from './start';

interface Props {
  label: string;
  kinds: readonly StartKind[];
  fields: StartFields;
  error?: ReactNode;
  onChange: (fields: StartFields) => void;
}

export function StartPicker({ label, kinds, fields, error, onChange }: Props) {
  const { t } = useTranslation('edit');
  const put = (changed: Partial<StartFields>): void => {
    onChange({ ...fields, ...changed });
  };
  return (
    <Group align="flex-start" gap="xs">
      <NativeSelect
        label={label}
        data={kinds.map((kind) => ({ value: kind, label: t(`start.${kind}`) }))}
        value={fields.kind}
        error={error}
        onChange={({ currentTarget }) => {
          put({ kind: currentTarget.value as StartKind });
        }}
        w={{ base: '100%', sm: 300 }}
      />
      {fields.kind === 'gtid' && (
        <Textarea
          label={t('start.gtid_set')}
          placeholder="3e11fa47-71ca-11e1-9e33-c80aa9429562:1-23"
          autosize
          maxRows={6}
          flex={1}
          miw={240}
          spellCheck={false}
          styles={{ input: { fontFamily: 'monospace' } }}
          value={fields.gtid}
          onChange={({ currentTarget }) => {
            put({ gtid: currentTarget.value });
          }}
        />
      )}
      {fields.kind === 'position' && (
        <>
          <TextInput
            label={t('start.file')}
            placeholder="bin.000042"
            spellCheck={false}
            value={fields.file}
            onChange={({ currentTarget }) => {
              put({ file: currentTarget.value });
            }}
          />
          <NumberInput
            label={t('start.offset')}
            placeholder="4"
            min={4}
            allowDecimal={false}
            hideControls
            value={fields.offset}
            onChange={(offset) => {
              put({ offset: typeof offset === 'number' ? offset : '' });
            }}
          />
        </>
      )}
      {fields.kind === 'time' && (
        <TextInput
          label={t('start.at')}
          placeholder="2026-11-22T08:00:00Z"
          spellCheck={false}
          value={fields.time}
          onChange={({ currentTarget }) => {
            put({ time: currentTarget.value });
          }}
        />
      )}
    </Group>
  );
}
