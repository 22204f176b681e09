// A page's name, what may be done there, and the document's title.
import { Group, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

interface Props {
  title: string;
  /** Beside the title, such as a state. */
  beside?: ReactNode;
  text?: string;
  /** Actions, at the end. */
  children?: ReactNode;
}

export function PageHeader({ title, beside, text, children }: Props) {
  useDocumentTitle(`${title} · Mysql_Replicator`);
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <div style={{ minWidth: 0 }}>
        <Group gap="sm">
          <Title order={1} style={{ overflowWrap: 'anywhere' }}>
            {title}
          </Title>
          {beside}
        </Group>
        {text !== undefined && (
          <Text size="sm" className="soft" maw={760}>
            {text}
          </Text>
        )}
      </div>
      <Group gap="xs">{children}</Group>
    </Group>
  );
}
