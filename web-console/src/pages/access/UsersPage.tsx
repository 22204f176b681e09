// Users: who may sign in, and what they may do.
import { Badge, Button, Group, Stack, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { PageLoads } from '../../app/NotFound';
import { keys } from '../../api/keys';
import { sessionQuery } from '../../api/session';
import { changeUser, deleteUser, usersQuery, type User } from '../../api/users';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { PageHeader } from '../../kit/PageHeader';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { TimeAgo } from '../../kit/TimeAgo';
import { EditUser, NewUser } from './UserForm';

export function UsersPage() {
  const { t } = useTranslation('access');
  const { data, error, isPending } = useQuery(usersQuery);
  return (
    <>
      <PageHeader title={t('users.title')} text={t('users.about')}>
        <NewUser />
      </PageHeader>
      <Stack gap="sm">
        <ProblemNotice problem={error} />
        {isPending && <PageLoads />}
        {data && <UserTable users={data.users} />}
      </Stack>
    </>
  );
}

function UserTable({ users }: { users: readonly User[] }) {
  const { t } = useTranslation(['access', 'words']);
  return (
    <div className="panel table-scroll" tabIndex={0} role="region" aria-label={t('users.title')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('users.name')}</Table.Th>
            <Table.Th>{t('role')}</Table.Th>
            <Table.Th visibleFrom="sm">{t('created')}</Table.Th>
            <Table.Th visibleFrom="sm">{t('users.lastLogin')}</Table.Th>
            <Table.Th>
              <span className="soft">{t('actions')}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {users.map((user) => (
            <Table.Tr key={user.name}>
              <Table.Td>
                <Group gap={6}>
                  <Text size="sm" fw={600}>
                    {user.name}
                  </Text>
                  {user.disabled && (
                    <Badge size="sm" variant="transparent" className="tone-calm">
                      {t('users.disabled')}
                    </Badge>
                  )}
                </Group>
              </Table.Td>
              <Table.Td>{t(`words:role.${user.role}`)}</Table.Td>
              <Table.Td visibleFrom="sm">
                <TimeAgo at={user.created_at} />
              </Table.Td>
              <Table.Td visibleFrom="sm">
                <TimeAgo at={user.last_login_at} />
              </Table.Td>
              <Table.Td>
                <UserActions user={user} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function UserActions({ user }: { user: User }) {
  const { t } = useTranslation('access');
  const { data: session } = useQuery(sessionQuery);
  const cache = useQueryClient();
  const then = <T,>(done: Promise<T>) => done.then(() => cache.invalidateQueries({ queryKey: keys.users }));
  const own = session?.user === user.name;
  const { name } = user;
  return (
    <Group gap={6} wrap="nowrap">
      <EditUser user={user} />
      {user.disabled ? (
        <Button variant="default" onClick={() => void then(changeUser(name, { disabled: false }))}>
          {t('users.enable')}
        </Button>
      ) : (
        <ConfirmAction
          label={t('users.disable')}
          title={t('users.disableTitle', { name })}
          act={() => then(changeUser(name, { disabled: true }))}
          disabled={own}
        >
          {t('users.disableMeans')}
        </ConfirmAction>
      )}
      <ConfirmAction
        label={t('delete')}
        title={t('users.deleteTitle', { name })}
        act={() => then(deleteUser(name))}
        disabled={own}
        dangerous
        typed={name}
      >
        {t('users.deleteMeans')}
      </ConfirmAction>
    </Group>
  );
}
