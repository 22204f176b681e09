// The first start: whoever holds the one-time token makes the first user.
import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../../api/problem';
import { sessionQuery, setUp } from '../../api/session';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { Door } from './Door';
import { NewPassword, isGood, NO_PASSWORD } from './NewPassword';
import { tokenOf } from './token';
import { TextLink } from '../../kit/TextLink';

export function SetupPage() {
  const { t } = useTranslation('session');
  const cache = useQueryClient();
  const navigate = useNavigate();
  const hash = useLocation({ select: (location) => location.hash });
  const [token, setToken] = useState(() => tokenOf(hash));
  const [seen, setSeen] = useState(hash);
  if (hash !== '' && hash !== seen) {
    // The printed address was opened while this page was there already.
    setSeen(hash);
    setToken(tokenOf(hash));
  }
  const [user, setUser] = useState('admin');
  const [password, setPassword] = useState(NO_PASSWORD);
  useEffect(() => {
    if (hash === '') return;
    // The token is not to stay in the address or the history.
    void navigate({ to: '/setup', hash: '', replace: true });
  }, [hash, navigate]);
  const making = useMutation({
    mutationFn: () => setUp(token, user, password.first),
    onSuccess: async (session) => {
      cache.clear();
      cache.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: '/' });
    },
  });
  return (
    <Door title={t('setup.title')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isGood(password)) making.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t('setup.text')}</Text>
          <PasswordInput
            label={t('setup.token')}
            description={t('setup.tokenHint')}
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            autoComplete="off"
            visibilityToggleButtonProps={{ 'aria-label': t('setup.showToken') }}
            required
            withAsterisk={false}
          />
          <TextInput
            label={t('user')}
            value={user}
            onChange={(event) => setUser(event.currentTarget.value)}
            autoComplete="username"
            required
            withAsterisk={false}
          />
          <NewPassword value={password} onChange={setPassword} />
          <ProblemNotice problem={making.error} />
          {making.error !== null && asProblem(making.error).code === 'already_set_up' ? (
            <TextLink to="/sign-in">{t('setup.signIn')}</TextLink>
          ) : null}
          <Button type="submit" size="sm" loading={making.isPending} disabled={!isGood(password)}>
            {t('setup.make')}
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
