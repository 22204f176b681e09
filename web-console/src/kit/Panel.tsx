// A bordered part of a page with a heading of its own.
import { Group, Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';

interface Props {
  title?: string;
  actions?: ReactNode;
  children: ReactNode;
  /** Without space inside: for tables. */
  flush?: boolean;
}

export function Panel({ title, actions, children, flush = false }: Props) {
  const id = useId();
  return (
    <section className="panel" {...(title === undefined ? {} : { 'aria-labelledby': id })}>
      {title !== undefined && (
        <Group justify="space-between" px="md" pt="sm" pb={flush ? 'xs' : 0}>
          <Title order={2} id={id}>
            {title}
          </Title>
          {actions}
        </Group>
      )}
      <div style={{ padding: flush ? 0 : 'var(--mantine-spacing-md)' }}>{children}</div>
    </section>
  );
}
