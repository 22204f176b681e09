// Sign in, and go on where one was.
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sessionQuery, signIn } from '../../api/session';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { Door } from './Door';

export function SignInPage() {
  const { t } = useTranslation('session');
  const { back } = useSearch({ from: '/sign-in' });
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const entering = useMutation({
    mutationFn: () => signIn(user, password),
    onSuccess: async (session) => {
      cache.clear();
      cache.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: back ?? '/' });
    },
  });
  return (
    <Door title={t('signIn.title')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          entering.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t('user')}
            value={user}
            onChange={(event) => setUser(event.currentTarget.value)}
            autoComplete="username"
            autoFocus
            required
            withAsterisk={false}
          />
          <PasswordInput
            label={t('password')}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
            required
            withAsterisk={false}
          />
          <ProblemNotice problem={entering.error} />
          <Button type="submit" size="sm" loading={entering.isPending}>
            {t('signIn.enter')}
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
