// Addresses of the console. Each page is its own chunk, loaded when it is first shown.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import { auditSearch } from '../pages/audit/search';
import { alertsSearch } from '../pages/alerts/search';
import { taskSearch } from '../pages/task/search';
import { tasksSearch } from '../pages/tasks/search';
import { NotFound, PageFailed, PageLoads } from './NotFound';
import { Shell } from './shell/Shell';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { back?: string } =>
    typeof search['back'] === 'string' && search['back'].startsWith('/') && !search['back'].startsWith('//')
      ? { back: search['back'] }
      : {},
  component: lazyRouteComponent(() => import('../pages/session/SignInPage'), 'SignInPage'),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('../pages/session/SetupPage'), 'SetupPage'),
});

/** All that needs somebody to be signed in. */
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/overview/OverviewPage'), 'OverviewPage'),
});
const tasks = createRoute({
  getParentRoute: () => shell,
  path: '/tasks',
  validateSearch: tasksSearch,
  component: lazyRouteComponent(() => import('../pages/tasks/TasksPage'), 'TasksPage'),
});
const newTask = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/new',
  component: lazyRouteComponent(() => import('../pages/edit/NewTaskPage'), 'NewTaskPage'),
});
const task = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$name',
  validateSearch: taskSearch,
  component: lazyRouteComponent(() => import('../pages/task/TaskPage'), 'TaskPage'),
});
const editTask = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$name/edit',
  component: lazyRouteComponent(() => import('../pages/edit/EditTaskPage'), 'EditTaskPage'),
});
const cores = createRoute({
  getParentRoute: () => shell,
  path: '/cores',
  component: lazyRouteComponent(() => import('../pages/cores/CoresPage'), 'CoresPage'),
});
const alerts = createRoute({
  getParentRoute: () => shell,
  path: '/alerts',
  validateSearch: alertsSearch,
  component: lazyRouteComponent(() => import('../pages/alerts/AlertsPage'), 'AlertsPage'),
});
const rules = createRoute({
  getParentRoute: () => shell,
  path: '/rules',
  component: lazyRouteComponent(() => import('../pages/rules/RulesPage'), 'RulesPage'),
});
const silences = createRoute({
  getParentRoute: () => shell,
  path: '/silences',
  component: lazyRouteComponent(() => import('../pages/silences/SilencesPage'), 'SilencesPage'),
});
const channels = createRoute({
  getParentRoute: () => shell,
  path: '/channels',
  component: lazyRouteComponent(() => import('../pages/channels/ChannelsPage'), 'ChannelsPage'),
});
const users = createRoute({
  getParentRoute: () => shell,
  path: '/users',
  component: lazyRouteComponent(() => import('../pages/access/UsersPage'), 'UsersPage'),
});
const tokens = createRoute({
  getParentRoute: () => shell,
  path: '/tokens',
  component: lazyRouteComponent(() => import('../pages/access/TokensPage'), 'TokensPage'),
});
const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('../pages/audit/AuditPage'), 'AuditPage'),
});
const account = createRoute({
  getParentRoute: () => shell,
  path: '/account',
  component: lazyRouteComponent(() => import('../pages/session/AccountPage'), 'AccountPage'),
});

const routes = root.addChildren([
  signIn,
  setup,
  shell.addChildren([
    overview,
    tasks,
    newTask,
    task,
    editTask,
    cores,
    alerts,
    rules,
    silences,
    channels,
    users,
    tokens,
    audit,
    account,
  ]),
]);

export const router = createRouter({
  routeTree: routes,
  defaultPreload: 'intent',
  defaultErrorComponent: PageFailed,
  defaultPendingComponent: PageLoads,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
