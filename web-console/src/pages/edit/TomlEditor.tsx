// The same spec as TOML. What is wrong is named with its line or key; comments are lost on the way to the form.
import { Anchor, Group, Stack, Text, Textarea } from '@mantine/core';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '../../kit/CopyButton';
import { lineOf, lineStart } from './lines';
import type { FieldError } from './spec';

interface Props {
  text: string;
  errors: readonly FieldError[];
  onChange: (text: string) => void;
}

export function TomlEditor({ text, errors, onChange }: Props) {
  const { t } = useTranslation('edit');
  const area = useRef<HTMLTextAreaElement>(null);
  const goTo = (line: number): void => {
    const start = lineStart(text, line);
    area.current?.focus();
    area.current?.setSelectionRange(start, start + (text.slice(start).split('\n')[0]?.length ?? 0));
  };
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="flex-end">
        <Text size="sm" c="dimmed">
          {t('toml.about')}
        </Text>
        <CopyButton text={text} what="TOML" />
      </Group>
      <Textarea
        ref={area}
        aria-label={t('toml.label')}
        autosize
        minRows={16}
        maxRows={34}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', whiteSpace: 'pre', overflowX: 'auto' } }}
        error={errors.length > 0}
        value={text}
        onChange={({ currentTarget }) => {
          onChange(currentTarget.value);
        }}
      />
      <Stack gap={4} role="status">
        {errors.map((error) => {
          const line = lineOf(error, text);
          return (
            <Text size="sm" key={error.key + error.problem}>
              {line === null ? (
                <code>{error.key}</code>
              ) : (
                <Anchor
                  component="button"
                  type="button"
                  size="sm"
                  onClick={() => {
                    goTo(line);
                  }}
                >
                  {t('toml.line', { line })} <code>{error.key}</code>
                </Anchor>
              )}{' '}
              {error.problem}; {error.hint}
            </Text>
          );
        })}
      </Stack>
    </Stack>
  );
}
