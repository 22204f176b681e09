import { ActionIcon, Code, Collapse, Group, Loader, Paper, Text, ThemeIcon, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconMinus, IconRefresh, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Check } from '../../api/preflight';
import { useCodes } from '../../i18n/codes';
import { CopyButton } from '../../kit/CopyButton';

const LOOK = {
  passed: { color: 'teal', icon: IconCheck },
  warning: { color: 'yellow', icon: IconAlertTriangle },
  failed: { color: 'red', icon: IconX },
  skipped: { color: 'gray', icon: IconMinus },
} as const;

interface Props {
  check: Check;
  running: boolean;
  onRunAgain: () => void;
}

/** One check: what was found, and where it did not pass, why that matters and the statement that mends it. */
export function CheckRow({ check, running, onRunAgain }: Props) {
  const { t } = useTranslation('edit');
  const [open, setOpen] = useState(check.state === 'failed' || check.state === 'warning');
  const say = useCodes();
  const title = say('check', check.code, 'title') ?? check.title;
  const { color, icon: Icon } = LOOK[check.state];
  return (
    <Paper withBorder p="xs">
      <Group wrap="nowrap" gap="xs" align="flex-start">
        <ThemeIcon
          size="sm"
          radius="xl"
          color={color}
          variant="light"
          role="img"
          aria-label={t(`preflight.state.${check.state}`)}
        >
          <Icon size={14} />
        </ThemeIcon>
        <UnstyledButton
          flex={1}
          miw={0}
          aria-expanded={open}
          onClick={() => {
            setOpen(!open);
          }}
        >
          <Text size="sm" fw={500}>
            {title}{' '}
            <Text span size="xs" c="dimmed" ff="monospace">
              {check.code}
            </Text>
          </Text>
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {check.found}
          </Text>
        </UnstyledButton>
        <ActionIcon
          variant="subtle"
          aria-label={t('preflight.one_again', { title })}
          disabled={running}
          onClick={onRunAgain}
        >
          {running ? <Loader size={14} /> : <IconRefresh size={16} />}
        </ActionIcon>
      </Group>
      <Collapse expanded={open}>
        <Text size="sm" mt="xs" c="dimmed">
          {say('check', check.code, 'why') ?? check.why}
        </Text>
        {check.fix && (
          <Group gap="xs" wrap="nowrap" align="flex-start" mt="xs">
            <Code block flex={1} miw={0} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
              {check.fix}
            </Code>
            <CopyButton text={check.fix} what={check.code} />
          </Group>
        )}
      </Collapse>
    </Paper>
  );
}
