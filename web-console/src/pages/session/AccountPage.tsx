// The own account: who one is, the password, language and colours.
import {
  Button,
  PasswordInput,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Table,
  useMantineColorScheme,
} from '@mantine/core';
import type { MantineColorScheme } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changePassword, sessionQuery } from '../../api/session';
import { LANGUAGES, speak, type Language } from '../../i18n/language';
import { PageHeader } from '../../kit/PageHeader';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { isGood, NewPassword, NO_PASSWORD } from './NewPassword';

export function AccountPage() {
  const { t, i18n } = useTranslation(['session', 'words', 'shell']);
  const { data: session } = useQuery(sessionQuery);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <PageHeader title={t('account.title')} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Panel title={t('account.who')}>
          <Table variant="vertical" layout="fixed" highlightOnHover={false}>
            <Table.Tbody>
              <Table.Tr>
                <Table.Th w={140}>{t('user')}</Table.Th>
                <Table.Td>{session?.user}</Table.Td>
              </Table.Tr>
              <Table.Tr>
                <Table.Th>{t('account.role')}</Table.Th>
                <Table.Td>{session ? t(`words:role.${session.role}`) : null}</Table.Td>
              </Table.Tr>
              <Table.Tr>
                <Table.Th>{t('account.ends')}</Table.Th>
                <Table.Td>
                  <TimeAgo at={session?.expires_at} />
                </Table.Td>
              </Table.Tr>
            </Table.Tbody>
          </Table>
        </Panel>
        <Panel title={t('account.looks')}>
          <Stack gap="sm" align="flex-start">
            <SegmentedControl
              aria-label={t('shell:language')}
              data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
              value={i18n.language}
              onChange={(language) => void speak(language as Language)}
            />
            <SegmentedControl
              aria-label={t('shell:scheme.label')}
              data={(['auto', 'light', 'dark'] as const).map((value) => ({ value, label: t(`shell:scheme.${value}`) }))}
              value={colorScheme}
              onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}
            />
          </Stack>
        </Panel>
        {session?.via === 'session' ? <Password /> : null}
      </SimpleGrid>
    </>
  );
}

function Password() {
  const { t } = useTranslation('session');
  const cache = useQueryClient();
  const [old, setOld] = useState('');
  const [password, setPassword] = useState(NO_PASSWORD);
  const changing = useMutation({
    mutationFn: () => changePassword(old, password.first),
    // All sessions of the user end with it, this one too.
    onSuccess: () => cache.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
  return (
    <Panel title={t('account.password')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isGood(password)) changing.mutate();
        }}
      >
        <Stack gap="sm" maw={360}>
          <PasswordInput
            label={t('account.old')}
            value={old}
            onChange={(event) => setOld(event.currentTarget.value)}
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
            required
            withAsterisk={false}
          />
          <NewPassword value={password} onChange={setPassword} />
          <span className="soft">{t('account.signOutAfter')}</span>
          <ProblemNotice problem={changing.error} />
          <Button type="submit" loading={changing.isPending} disabled={!isGood(password)} w="fit-content">
            {t('account.change')}
          </Button>
        </Stack>
      </form>
    </Panel>
  );
}
