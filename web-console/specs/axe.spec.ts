// Every page, in both languages, light and dark, wide and narrow: no accessibility violation, nothing that overflows,
// and no key of a text where the text should be.
import type { Page } from '@playwright/test';
import axe from 'axe-core';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { call, expect, reaches, removeTask, specOf, test } from './console';

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

/** Shown in turn, without loading the page again. */
const LOOKS = [
  { colorScheme: 'light', width: 1440 },
  { colorScheme: 'dark', width: 1440 },
  { colorScheme: 'dark', width: 375 },
  { colorScheme: 'light', width: 375 },
] as const;

/** `kit.cancel` and the like: names of texts, which nobody should ever read. */
const KEYS = new Set(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'en.json')
    .flatMap((file) => names(JSON.parse(readFileSync(path.join(SRC, file), 'utf8')) as object))
    .filter((key) => key.includes('.')),
);

function names(texts: object, before = ''): string[] {
  return Object.entries(texts).flatMap(([key, text]) =>
    typeof text === 'string' ? [before + key] : names(text as object, `${before}${key}.`),
  );
}

/** The checker lives in the page from when it was loaded to the next load. */
async function violations(page: Page): Promise<string[]> {
  return await page.evaluate(async () => {
    const checker = (window as unknown as { axe: typeof axe }).axe;
    const found = await checker.run(document, { resultTypes: ['violations'], preload: false });
    return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
  });
}

/** What is wrong with the page as it is shown. */
async function faults(page: Page): Promise<string[]> {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const words = (await page.locator('body').innerText()).split(/\s+/);
  return [
    ...(await violations(page)),
    ...(wider > 0 ? [`${String(wider)} px wider than the screen`] : []),
    ...words.filter((word) => KEYS.has(word) || word.includes('{{')).map((word) => `no text but ${word}`),
  ];
}

async function expectGood(page: Page, what: string): Promise<void> {
  for (const { colorScheme, width } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    expect.soft(await faults(page), `${what} (${colorScheme}, ${String(width)} px)`).toEqual([]);
  }
}

async function expectAllGood(page: Page, language: string, addresses: readonly string[]): Promise<void> {
  await page.addInitScript((chosen) => {
    localStorage.setItem('replicator-language', chosen);
  }, language);
  for (const address of addresses) {
    await page.goto(address);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('.mantine-Skeleton-root, .mantine-Loader-root')).toHaveCount(0);
    // Colours that are on their way are none that anybody has to read.
    await page.addStyleTag({ content: '* { transition: none !important; animation: none !important }' });
    await page.evaluate(axe.source);
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
