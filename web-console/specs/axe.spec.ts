// Every page, in both languages, light and dark, wide and narrow: no accessibility violation, nothing that overflows,
// and no key of a text where the text should be.
import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { call, expect, reaches, removeTask, specOf, test } from './console';
import { expectGood } from './looks';

const SRC = path.resolve(import.meta.dirname, '../src');
const BROKEN = 'not_well';

/** Every route, as the router names it, and where it is looked at. */
const ROUTES: Record<string, readonly string[]> = {
  '/': ['/'],
  '/tasks': ['/tasks', '/tasks?search=nothing-is-called-so'],
  '/tasks/new': ['/tasks/new'],
  '/tasks/$name': [
    ...['overview', 'lag', 'instances', 'position', 'versions', 'conflicts', 'audit'].map(
      (tab) => `/tasks/copy_shop?tab=${tab}`,
    ),
    ...['overview', 'position', 'errors', 'alerts'].map((tab) => `/tasks/${BROKEN}?tab=${tab}`),
  ],
  '/tasks/$name/edit': ['/tasks/copy_shop/edit'],
  '/cores': ['/cores'],
  '/alerts': ['/alerts'],
  '/rules': ['/rules'],
  '/silences': ['/silences'],
  '/channels': ['/channels'],
  '/users': ['/users'],
  '/tokens': ['/tokens'],
  '/audit': ['/audit'],
  '/account': ['/account'],
};
/** What is seen by who is not signed in. */
const DOORS: Record<string, readonly string[]> = { '/sign-in': ['/sign-in'], '/setup': ['/setup'] };
const NOWHERE = '/no-such-page';

async function expectAllGood(page: Page, language: string, addresses: readonly string[]): Promise<void> {
  await page.addInitScript((chosen) => {
    localStorage.setItem('replicator-language', chosen);
  }, language);
  for (const address of addresses) {
    await page.goto(address);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('.mantine-Skeleton-root, .mantine-Loader-root')).toHaveCount(0);
    await expectGood(page, `${language} ${address}`);
  }
}

// A trace keeps the page at every step, which costs more than the analyses; what is wrong is told by name.
test.use({ trace: 'off' });

let silence: { id: string } | undefined;
let token: { id: string } | undefined;

test.beforeAll(async () => {
  await call('POST', '/tasks?desired=running', specOf(BROKEN, { password: 'mistyped' }));
  silence = await call('POST', '/silences', { matcher: { task: 'nobody' }, reason: 'to be looked at', lasts: '1h' });
  token = await call('POST', '/tokens', { name: 'looked-at' });
  await reaches(BROKEN, 'failed');
});

test.afterAll(async () => {
  await call('DELETE', `/silences/${silence?.id ?? ''}`);
  await call('DELETE', `/tokens/${token?.id ?? ''}`);
  await removeTask(BROKEN);
});

test('every route of the console is looked at', () => {
  const router = readFileSync(path.join(SRC, 'app/router.tsx'), 'utf8');
  const routes = [...router.matchAll(/^ *path: '([^']+)'/gm)].map((found) => found[1]);
  expect(routes.toSorted()).toEqual([...Object.keys(ROUTES), ...Object.keys(DOORS)].toSorted());
});

for (const language of ['en', 'zh']) {
  test(`every page can be used by everybody: ${language}`, async ({ page }) => {
    // Some 100 analyses: a minute on an idle machine, and none of it is about time.
    test.setTimeout(1_200_000);
    await expectAllGood(page, language, [...Object.values(ROUTES).flat(), NOWHERE]);
  });

  test.describe('signed out', () => {
    test.use({ role: null });

    test(`the way in can be used by everybody: ${language}`, async ({ page }) => {
      await expectAllGood(page, language, Object.values(DOORS).flat());
    });
  });
}
