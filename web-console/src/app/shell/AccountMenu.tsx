// Who is signed in, and the way out.
import { Button, Menu } from '@mantine/core';
import { IconLogout, IconUser, IconUserCircle } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { sessionQuery, signOut } from '../../api/session';

export function AccountMenu() {
  const { t } = useTranslation(['shell', 'words']);
  const { data: session } = useQuery(sessionQuery);
  const cache = useQueryClient();
  const navigate = useNavigate();
  if (!session) return null;
  const leave = async () => {
    await signOut();
    // Nothing that was read may be shown to whoever signs in next.
    cache.clear();
    await navigate({ to: '/sign-in' });
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px="xs"
          leftSection={<IconUserCircle size={19} stroke={1.7} aria-hidden />}
          aria-label={t('account.of', { user: session.user })}
        >
          {session.user}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t(`words:role.${session.role}`)}</Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<IconUser size={16} aria-hidden />}>
          {t('account.open')}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void leave()}>
          {t('account.leave')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
