// What a list says when there is nothing in it, and what could be done.
import { Stack, Text } from '@mantine/core';
import { IconMoodEmpty, type Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface Props {
  title: string;
  text?: string;
  icon?: Icon;
  children?: ReactNode;
}

export function EmptyState({ title, text, icon: Icon = IconMoodEmpty, children }: Props) {
  return (
    <Stack align="center" gap={6} py="xl" px="md" ta="center">
      <Icon size={30} stroke={1.4} aria-hidden className="soft" />
      <Text fw={600}>{title}</Text>
      {text !== undefined && (
        <Text size="sm" className="soft" maw={520}>
          {text}
        </Text>
      )}
      {children}
    </Stack>
  );
}
