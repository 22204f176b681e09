// The book's pictures: every page in both languages, as it looks on a day when something is wrong. They are made with
// `REPLICATOR_PICTURES=1 npx playwright test --project=pictures`, and looked at before they are committed.
import type { Page } from '@playwright/test';
import path from 'node:path';
import { call, expect, reaches, removeTask, runTask, send, specOf, test } from './console';
import { write } from './levers';
import { stage } from './stage';

const FOLDER = path.resolve(import.meta.dirname, '../../docs/src/pictures');

const PAGES = {
  overview: '/',
  tasks: '/tasks',
  'new-task': '/tasks/new',
  'edit-tables': '/tasks/copy_shop/edit',
  'edit-preflight': '/tasks/copy_shop/edit',
  task: '/tasks/copy_shop',
  'task-lag': '/tasks/copy_shop?tab=lag',
  'task-instances': '/tasks/copy_shop?tab=instances',
  'task-position': '/tasks/copy_shop?tab=position',
  'task-versions': '/tasks/copy_shop?tab=versions',
  'task-errors': '/tasks/copy_invoices?tab=errors',
  'task-alerts': '/tasks/copy_invoices?tab=alerts',
  'task-audit': '/tasks/copy_shop?tab=audit',
  cores: '/cores',
  alerts: '/alerts',
  rules: '/rules',
  silences: '/silences',
  channels: '/channels',
  users: '/users',
  tokens: '/tokens',
  audit: '/audit',
  account: '/account',
} as const;
type Name = keyof typeof PAGES;

/** Also shown dark. */
const DARK: readonly Name[] = ['overview', 'task-lag'];

/** What is done on a page before its picture is taken. */
const ACTS: Partial<Record<Name, (page: Page) => Promise<void>>> = {
  'edit-tables': async (page) => {
    await page.getByRole('button', { name: /^2 / }).click();
    await page.getByRole('button', { name: /^shop/ }).click();
  },
  channels: async (page) => {
    await page.locator('summary').first().click();
    await expect(page.getByRole('table')).toBeVisible();
  },
  'edit-preflight': async (page) => {
    await page.getByRole('button', { name: /^5 / }).click();
    await expect(page.getByRole('region').getByRole('img').first()).toBeVisible();
  },
};

test.use({ viewport: { width: 1280, height: 800 }, trace: 'off' });

let silence: { id: string } | undefined;
let token: { id: string } | undefined;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  await write(20);
  await runTask('copy_customers', { tables: ['shop.customers'] });
  await runTask('copy_contacts', { tables: ['crm.*'] }, { standby: 'cold' });
  await call('POST', '/tasks?desired=running', specOf('copy_invoices', { password: 'mistyped' }));
  await call('POST', '/tasks/copy_contacts/pause');
  await reaches('copy_invoices', 'failed');
  silence = await call('POST', '/silences', {
    matcher: { task: 'copy_contacts' },
    reason: 'The CRM is moved',
    lasts: '12h',
  });
  token = await call('POST', '/tokens', { name: 'nightly-report', role: 'viewer', expires_in: '90d' });
  await send('admin', 'POST', '/channels', {
    name: 'on-call',
    kind: 'webhook',
    url: stage().webhook,
    severity_min: 'warning',
  });
  await call('POST', '/channels/on-call/test');
});

test.afterAll(async () => {
  await write(0);
  await call('DELETE', `/silences/${silence?.id ?? ''}`);
  await call('DELETE', `/tokens/${token?.id ?? ''}`);
  for (const task of ['copy_customers', 'copy_contacts', 'copy_invoices']) await removeTask(task);
});

async function draw(page: Page, name: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.locator('.mantine-Loader-root')).toHaveCount(0);
  // Charts and lists come after the page.
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), animations: 'disabled', caret: 'hide' });
}

for (const language of ['en', 'zh']) {
  test(`pictures of every page: ${language}`, async ({ page, context }) => {
    test.setTimeout(600_000);
    await page.addInitScript((chosen) => {
      localStorage.setItem('replicator-language', chosen);
    }, language);
    for (const [name, address] of Object.entries(PAGES) as [Name, string][]) {
      await page.goto(address);
      await ACTS[name]?.(page);
      await draw(page, `${name}.${language}`);
      if (!DARK.includes(name)) continue;
      await page.emulateMedia({ colorScheme: 'dark' });
      await draw(page, `${name}-dark.${language}`);
      await page.emulateMedia({ colorScheme: 'light' });
    }
    await context.clearCookies();
    await page.goto('/sign-in');
    await draw(page, `sign-in.${language}`);
  });
}
