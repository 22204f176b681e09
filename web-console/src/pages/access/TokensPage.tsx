// API tokens: for programs that call the Server in somebody's name.
import { Alert, Button, Code, Group, Modal, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLoads } from '../../app/NotFound';
import { keys } from '../../api/keys';
import { atLeast, sessionQuery, type Role } from '../../api/session';
import { createToken, deleteToken, tokensQuery, type Token } from '../../api/users';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { CopyButton } from '../../kit/CopyButton';
import { EmptyState } from '../../kit/EmptyState';
import { PageHeader } from '../../kit/PageHeader';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { ROLES } from './roles';

const LIVES = ['7d', '30d', '90d', '365d', 'never'] as const;

export function TokensPage() {
  const { t } = useTranslation('access');
  const { data, error, isPending } = useQuery(tokensQuery);
  return (
    <>
      <PageHeader title={t('tokens.title')} text={t('tokens.about')}>
        <NewToken />
      </PageHeader>
      <Stack gap="sm">
        <ProblemNotice problem={error} />
        {isPending && <PageLoads />}
        {data &&
          (data.tokens.length === 0 ? (
            <div className="panel">
              <EmptyState icon={IconKey} title={t('tokens.none')} />
            </div>
          ) : (
            <TokenTable tokens={data.tokens} />
          ))}
      </Stack>
    </>
  );
}

function TokenTable({ tokens }: { tokens: readonly Token[] }) {
  const { t } = useTranslation(['access', 'words']);
  const cache = useQueryClient();
  const revoke = (id: string) => deleteToken(id).then(() => cache.invalidateQueries({ queryKey: keys.tokens }));
  return (
    <div className="panel table-scroll" tabIndex={0} role="region" aria-label={t('tokens.title')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('tokens.name')}</Table.Th>
            <Table.Th>{t('tokens.user')}</Table.Th>
            <Table.Th>{t('role')}</Table.Th>
            <Table.Th visibleFrom="sm">{t('created')}</Table.Th>
            <Table.Th visibleFrom="sm">{t('tokens.lastUsed')}</Table.Th>
            <Table.Th>{t('tokens.expires')}</Table.Th>
            <Table.Th>
              <span className="soft">{t('actions')}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.map((token) => (
            <Table.Tr key={token.id}>
              <Table.Td fw={600}>{token.name}</Table.Td>
              <Table.Td>{token.user}</Table.Td>
              <Table.Td>{t(`words:role.${token.role}`)}</Table.Td>
              <Table.Td visibleFrom="sm">
                <TimeAgo at={token.created_at} />
              </Table.Td>
              <Table.Td visibleFrom="sm">
                <TimeAgo at={token.last_used_at} />
              </Table.Td>
              <Table.Td>
                <TimeAgo at={token.expires_at} />
              </Table.Td>
              <Table.Td>
                <ConfirmAction
                  label={t('tokens.revoke')}
                  title={t('tokens.revokeTitle', { name: token.name })}
                  act={() => revoke(token.id)}
                  dangerous
                >
                  {t('tokens.revokeMeans')}
                </ConfirmAction>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function NewToken() {
  const { t } = useTranslation('access');
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button onClick={open}>{t('tokens.new')}</Button>
      <Modal opened={opened} onClose={close} title={t('tokens.new')} closeButtonProps={{ 'aria-label': t('close') }}>
        <NewTokenForm />
      </Modal>
    </>
  );
}

function NewTokenForm() {
  const { t } = useTranslation(['access', 'words']);
  const { data: session } = useQuery(sessionQuery);
  const cache = useQueryClient();
  const own = session?.role ?? 'viewer';
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [lives, setLives] = useState<(typeof LIVES)[number]>('90d');
  const making = useMutation({
    mutationFn: () => createToken({ name, role, ...(lives === 'never' ? {} : { expires_in: lives }) }),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.tokens }),
  });
  if (making.data) return <Secret secret={making.data.secret} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        making.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={t('tokens.name')}
          description={t('tokens.nameHint')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
          required
          withAsterisk={false}
        />
        <Select
          label={t('role')}
          description={t(`may.${role}`)}
          data={ROLES.filter((one) => atLeast(own, one)).map((value) => ({ value, label: t(`words:role.${value}`) }))}
          value={role}
          onChange={(value) => value !== null && setRole(value as Role)}
          allowDeselect={false}
        />
        <Select
          label={t('tokens.lives')}
          data={LIVES.map((value) => ({ value, label: t(`tokens.life.${value}`) }))}
          value={lives}
          onChange={(value) => value !== null && setLives(value as (typeof LIVES)[number])}
          allowDeselect={false}
        />
        <ProblemNotice problem={making.error} />
        <Button type="submit" loading={making.isPending} disabled={name.trim() === ''}>
          {t('tokens.make')}
        </Button>
      </Stack>
    </form>
  );
}

/** Shown this once: the Server keeps only a hash. */
function Secret({ secret }: { secret: string }) {
  const { t } = useTranslation('access');
  return (
    <Stack gap="sm">
      <Alert className="tone-warn" variant="transparent" styles={{ message: { color: 'inherit' } }}>
        {t('tokens.once')}
      </Alert>
      <Group gap="xs" wrap="nowrap">
        <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }} data-testid="token-secret">
          {secret}
        </Code>
        <CopyButton text={secret} what={t('tokens.secret')} />
      </Group>
      <Text size="sm" className="mono">
        Authorization: Bearer mr_…
      </Text>
    </Stack>
  );
}
