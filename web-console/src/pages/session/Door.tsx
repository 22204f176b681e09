// The frame of the pages before somebody is signed in.
import { Center, Group, Stack, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { LanguageSwitch, SchemeSwitch } from '../../app/shell/switches';

export function Door({ title, children }: { title: string; children: ReactNode }) {
  useDocumentTitle(`${title} · Mysql_Replicator`);
  return (
    <>
      <Group component="header" justify="flex-end" gap={4} p="xs">
        <LanguageSwitch />
        <SchemeSwitch />
      </Group>
      <Center component="main" px="md" pt="8vh">
        <Stack className="panel" p="xl" w="100%" maw={400} gap="md">
          <Group gap="sm" wrap="nowrap">
            <img src="/favicon.svg" width={30} height={30} alt="" />
            <div>
              <Title order={1}>{title}</Title>
              <span className="soft">Mysql_Replicator</span>
            </div>
          </Group>
          {children}
        </Stack>
      </Center>
    </>
  );
}
