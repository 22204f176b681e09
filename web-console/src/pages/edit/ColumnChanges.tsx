// What happens to columns: a row for each, with the fields that it needs.

import { ActionIcon, Button, Group, NativeSelect, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ConstantFields } from './ConstantFields';
import { errorLines, useSpecForm } from './FormFields';
import { SecretInput } from './SecretInput';
import { CASTS, changedTo, DOINGS, isRepeated, keyOf, type Change, type Doing } from './shapes';
import { errorsAt } from './spec';

/** Most characters that a mask may keep, as the model has it. */
const KEPT_MAX = 1000;
const FIELD_WIDTH = 200;

interface Props {
  at: number;
  changes: readonly Change[];
  onChange: (changes: readonly Change[]) => void;
}

export function ColumnChanges({ at, changes, onChange }: Props) {
  const { t } = useTranslation('edit');
  const adding = useRef<HTMLButtonElement>(null);
  // The row that was just added: its name is what is written next.
  const [fresh, setFresh] = useState<number | null>(null);
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {t('shape.columns')}
      </Text>
      {changes.map((change, index) => (
        // Several rows may be about one column, or about none yet: their place is what tells them apart.
        <ColumnChange
          key={index}
          n={index + 1}
          path={keyOf(at, change)}
          change={change}
          repeated={isRepeated(changes, index)}
          fresh={index === fresh}
          onChange={(changed) => {
            onChange(changes.map((known, place) => (place === index ? changed : known)));
          }}
          onRemove={() => {
            setFresh(null);
            onChange(changes.filter((_, place) => place !== index));
            adding.current?.focus();
          }}
        />
      ))}
      <Group>
        <Button
          ref={adding}
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            setFresh(changes.length);
            onChange([...changes, changedTo('rename', { column: '' })]);
          }}
        >
          {t('shape.add')}
        </Button>
      </Group>
    </Stack>
  );
}

interface RowProps {
  n: number;
  path: string;
  change: Change;
  repeated: boolean;
  fresh: boolean;
  onChange: (change: Change) => void;
  onRemove: () => void;
}

function ColumnChange({ n, path, change, repeated, fresh, onChange, onRemove }: RowProps) {
  const { t } = useTranslation('edit');
  const { errors } = useSpecForm();
  const { column, does } = change;
  // Without a name the row has no key, and what is said of other such rows would be found.
  const said = column === '' ? [] : errorsAt(errors, path);
  const ofValue = errorsAt(said, `${path}.${does}`);
  const error = repeated ? t('shape.twice') : errorLines(said.filter((one) => !ofValue.includes(one)));
  return (
    <Group
      gap="xs"
      align="flex-start"
      wrap="nowrap"
      role="group"
      aria-label={t('shape.nth', { n })}
      className="change-row"
    >
      <Group gap="xs" align="flex-start" flex={1} miw={0}>
        <TextInput
          label={t('shape.column')}
          autoComplete="off"
          spellCheck={false}
          autoFocus={fresh}
          flex={`1 1 ${String(FIELD_WIDTH)}px`}
          maw={320}
          error={error}
          value={column}
          onChange={({ currentTarget }) => {
            onChange({ ...change, column: currentTarget.value });
          }}
        />
        <NativeSelect
          label={t('shape.does')}
          flex={`1 1 ${String(FIELD_WIDTH)}px`}
          maw={320}
          data={DOINGS.map((value) => ({ value, label: t(`shape.doing.${value}`) }))}
          value={does}
          onChange={({ currentTarget }) => {
            onChange(changedTo(currentTarget.value as Doing, change));
          }}
        />
        <Value change={change} error={errorLines(ofValue)} onChange={onChange} />
      </Group>
      <ActionIcon
        variant="subtle"
        color="red"
        mt={28}
        aria-label={t('shape.remove', { column: column === '' ? String(n) : column })}
        onClick={onRemove}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </Group>
  );
}

/** What a change needs besides its column. */
function Value({ change, error, onChange }: Pick<RowProps, 'change' | 'onChange'> & { error: ReactNode }): ReactNode {
  const { t } = useTranslation('edit');
  const flex = `1 1 ${String(FIELD_WIDTH)}px`;
  switch (change.does) {
    case 'rename':
      return (
        <TextInput
          label={t('shape.to')}
          autoComplete="off"
          spellCheck={false}
          flex={flex}
          value={change.to}
          onChange={({ currentTarget }) => {
            onChange({ ...change, to: currentTarget.value });
          }}
        />
      );
    case 'cast':
      return (
        <NativeSelect
          label={t('shape.cast')}
          flex={flex}
          data={CASTS.map((value) => ({ value, label: t(`shape.type.${value}`) }))}
          value={change.to}
          onChange={({ currentTarget }) => {
            onChange({ ...change, to: CASTS.find((cast) => cast === currentTarget.value) ?? 'char' });
          }}
        />
      );
    case 'keep':
      return (
        <NumberInput
          label={t('shape.characters')}
          flex={flex}
          min={1}
          max={KEPT_MAX}
          allowDecimal={false}
          hideControls
          error={error}
          value={change.characters === 0 ? '' : change.characters}
          onChange={(given) => {
            onChange({ ...change, characters: typeof given === 'number' ? given : 0 });
          }}
        />
      );
    case 'hash':
      return (
        <div style={{ flex: '2 1 380px', minWidth: 0 }}>
          <SecretInput
            label={t('shape.salt')}
            place="core"
            secret={change.salt}
            error={error}
            onChange={(salt) => {
              onChange({ ...change, salt: salt ?? '' });
            }}
          />
        </div>
      );
    case 'add':
    case 'constant':
      return (
        <ConstantFields
          constant={change.constant}
          error={error}
          onChange={(constant) => {
            onChange({ ...change, constant });
          }}
        />
      );
  }
}
