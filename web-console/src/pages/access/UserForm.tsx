// A user is made, or given another role or password.
import { Button, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import type { Role } from '../../api/session';
import { changeUser, createUser, type User } from '../../api/users';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { isGood, NewPassword, NO_PASSWORD } from '../session/NewPassword';
import { ROLES } from './roles';

export function NewUser() {
  const { t } = useTranslation('access');
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button onClick={open}>{t('users.new')}</Button>
      <Modal opened={opened} onClose={close} title={t('users.new')} closeButtonProps={{ 'aria-label': t('close') }}>
        <NewUserForm onDone={close} />
      </Modal>
    </>
  );
}

function NewUserForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation('access');
  const cache = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [password, setPassword] = useState(NO_PASSWORD);
  const making = useMutation({
    mutationFn: () => createUser({ name, role, password: password.first }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: keys.users });
      onDone();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isGood(password)) making.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={t('users.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
          required
          withAsterisk={false}
        />
        <RoleSelect role={role} onChange={setRole} />
        <NewPassword value={password} onChange={setPassword} />
        <ProblemNotice problem={making.error} />
        <Button type="submit" loading={making.isPending} disabled={!isGood(password)}>
          {t('users.make')}
        </Button>
      </Stack>
    </form>
  );
}

export function EditUser({ user }: { user: User }) {
  const { t } = useTranslation('access');
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" onClick={open} aria-label={t('users.editOf', { name: user.name })}>
        {t('edit')}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={t('users.editOf', { name: user.name })}
        closeButtonProps={{ 'aria-label': t('close') }}
      >
        <EditUserForm user={user} onDone={close} />
      </Modal>
    </>
  );
}

function EditUserForm({ user, onDone }: { user: User; onDone: () => void }) {
  const { t } = useTranslation('access');
  const cache = useQueryClient();
  const [role, setRole] = useState(user.role);
  const [password, setPassword] = useState(NO_PASSWORD);
  const withPassword = password.first !== '' || password.again !== '';
  const changing = useMutation({
    mutationFn: () =>
      changeUser(user.name, {
        ...(role === user.role ? {} : { role }),
        ...(withPassword ? { password: password.first } : {}),
      }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: keys.users });
      onDone();
    },
  });
  const changes = role !== user.role || withPassword;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!withPassword || isGood(password)) changing.mutate();
      }}
    >
      <Stack gap="sm">
        <RoleSelect role={role} onChange={setRole} />
        <NewPassword value={password} onChange={setPassword} />
        <span className="soft">{t('users.editMeans')}</span>
        <ProblemNotice problem={changing.error} />
        <Button type="submit" loading={changing.isPending} disabled={!changes || (withPassword && !isGood(password))}>
          {t('save')}
        </Button>
      </Stack>
    </form>
  );
}

function RoleSelect({ role, onChange }: { role: Role; onChange: (role: Role) => void }) {
  const { t } = useTranslation(['access', 'words']);
  return (
    <Select
      label={t('role')}
      description={t(`may.${role}`)}
      data={ROLES.map((value) => ({ value, label: t(`words:role.${value}`) }))}
      value={role}
      onChange={(value) => value !== null && onChange(value as Role)}
      allowDeselect={false}
    />
  );
}
