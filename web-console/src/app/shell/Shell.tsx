// The frame of every page but sign-in: header, navigation, and the bar that says when what is shown is old.
import { AppShell, Badge, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { firingQuery } from '../../api/alerts';
import { usePoll } from '../../api/contact';
import { follow } from '../../api/live';
import { asProblem } from '../../api/problem';
import { atLeast, sessionQuery } from '../../api/session';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { PageLoads } from '../NotFound';
import { AccountMenu } from './AccountMenu';
import { ContactBar } from './ContactBar';
import { useKeyboard } from './keyboard';
import { PAGES } from './navigation';
import classes from './Shell.module.css';
import { SchemeSwitch, LanguageSwitch } from './switches';

/** Also how soon a session that ended, or a Server that is gone, is noticed. */
const SESSION_POLL_MS = 5_000;

export function Shell() {
  const session = useQuery({ ...sessionQuery, staleTime: 0, refetchInterval: SESSION_POLL_MS });
  const problem = session.error ? asProblem(session.error) : null;
  if (problem?.code === 'not_signed_in') return <Leave to={problem.setupNeeded ? 'setup' : 'sign-in'} />;
  if (session.data) return <Frame />;
  return problem ? <ProblemNotice problem={problem} /> : <PageLoads />;
}

/** To where somebody signs in, who then comes back to this page. */
function Leave({ to }: { to: 'setup' | 'sign-in' }) {
  const navigate = useNavigate();
  useEffect(() => {
    const { pathname, search } = window.location;
    const back = pathname + search;
    // Once: a `Navigate` would do it again with every render until the other page is loaded.
    void (to === 'setup'
      ? navigate({ to: '/setup', replace: true })
      : navigate({ to: '/sign-in', search: back === '/' ? {} : { back }, replace: true }));
  }, [navigate, to]);
  return <PageLoads />;
}

function Frame() {
  const { t } = useTranslation('shell');
  const [opened, { toggle, close }] = useDisclosure();
  const cache = useQueryClient();
  const { pathname } = useLocation();
  useKeyboard();
  useEffect(() => follow(cache), [cache]);
  useEffect(close, [pathname, close]);
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
      classNames={{ main: classes.main, header: classes.header, navbar: classes.navbar }}
    >
      <a className="skip-link" href="#content">
        {t('skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="xs" wrap="nowrap">
          <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('menu')} />
          <img src="/favicon.svg" width={22} height={22} alt="" />
          <Text fw={650} visibleFrom="xs">
            Mysql_Replicator
          </Text>
          <Group gap={4} ml="auto" wrap="nowrap">
            <LanguageSwitch />
            <SchemeSwitch />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar aria-label={t('navigation')}>
        <ScrollArea p="xs">
          <Pages />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <ContactBar />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function Pages() {
  const { t } = useTranslation('shell');
  const { data: session } = useQuery(sessionQuery);
  const { data: firing } = useQuery({ ...firingQuery, refetchInterval: usePoll(5_000) });
  const { pathname } = useLocation();
  const shown = PAGES.filter((page) => session !== undefined && atLeast(session.role, page.role));
  return shown.map((page) => {
    const active = page.to === '/' ? pathname === '/' : pathname.startsWith(page.to);
    const Icon = page.icon;
    return (
      <NavLink
        key={page.to}
        component={Link}
        to={page.to}
        label={t(page.text)}
        active={active}
        aria-current={active ? 'page' : undefined}
        leftSection={<Icon size={17} stroke={1.7} aria-hidden />}
        rightSection={
          page.to === '/alerts' && firing ? (
            <Badge size="sm" variant="transparent" className="tone-bad" aria-label={t('firing', { count: firing })}>
              {firing}
            </Badge>
          ) : null
        }
        className={classes.link}
      />
    );
  });
}
