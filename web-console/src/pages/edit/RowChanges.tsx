// What a route does to rows: shown in a few words, and changed where that is opened.

import { Button, Code, Group, Paper, SimpleGrid, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ColumnChanges } from './ColumnChanges';
import { errorLines, useFieldError, useSpecForm } from './FormFields';
import { shapeErrors, shownChanges, unplacedErrors, withChanges, withSetting, type Change, type Route } from './shapes';
import { treatment } from './tables';

interface Props {
  route: Route;
  at: number;
  onChange: (route: Route) => void;
}

export function RowChanges({ route, at, onChange }: Props) {
  const { t } = useTranslation('edit');
  const { errors } = useSpecForm();
  const id = useId();
  const [opened, setOpened] = useState(false);
  // A row that is not finished has no place in the route, so rows are kept here.
  const [written, setWritten] = useState<readonly Change[]>([]);
  const changes = shownChanges(route, written);
  const shown = opened || shapeErrors(errors, at).length > 0;
  const rest = errorLines(unplacedErrors(errors, at, changes));
  // What was opened by an error stays open while that is mended.
  const put = (changed: Route): void => {
    setOpened(true);
    onChange(changed);
  };
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={shown ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          aria-expanded={shown}
          aria-controls={shown ? id : undefined}
          onClick={() => {
            setOpened(!shown);
          }}
        >
          {t('shape.open')}
        </Button>
        {!shown &&
          treatment(route).map((line) => (
            <Code key={line} style={{ overflowWrap: 'anywhere' }}>
              {line}
            </Code>
          ))}
      </Group>
      {shown && (
        <Paper withBorder p="sm" id={id}>
          <Stack gap="sm">
            <RowFields route={route} at={at} onChange={put} />
            <ColumnChanges
              at={at}
              changes={changes}
              onChange={(changed) => {
                setWritten(changed);
                put(withChanges(route, changed));
              }}
            />
          </Stack>
        </Paper>
      )}
      {rest && (
        <Text size="sm" c="red" role="alert">
          {rest}
        </Text>
      )}
    </Stack>
  );
}

/** Which rows go, what tells them apart, and which columns stay behind. */
function RowFields({ route, at, onChange }: Props) {
  const { t } = useTranslation('edit');
  const key = `route[${String(at)}]`;
  return (
    <>
      <TextInput
        label={t('shape.where')}
        placeholder="status <> 'draft' and amount > 0"
        autoComplete="off"
        spellCheck={false}
        styles={{ input: { fontFamily: 'monospace' } }}
        error={useFieldError(`${key}.where`)}
        value={route.where ?? ''}
        onChange={({ currentTarget }) => {
          onChange(withSetting(route, 'where', currentTarget.value));
        }}
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
        <TagsInput
          label={t('shape.drop')}
          description={t('shape.drop_about')}
          splitChars={[',', ' ']}
          acceptValueOnBlur
          error={useFieldError(`${key}.drop`)}
          value={Array.isArray(route.drop) ? route.drop.map(String) : []}
          onChange={(names) => {
            onChange(withSetting(route, 'drop', names));
          }}
        />
        <TextInput
          label={t('shape.source_column')}
          description={t('shape.source_column_about')}
          placeholder="origin"
          autoComplete="off"
          spellCheck={false}
          error={useFieldError(`${key}.source_column`)}
          value={route.source_column ?? ''}
          onChange={({ currentTarget }) => {
            onChange(withSetting(route, 'source_column', currentTarget.value));
          }}
        />
      </SimpleGrid>
    </>
  );
}
