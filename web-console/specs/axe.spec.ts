// Every page, in both languages, light and dark, wide and narrow: no accessibility violation, nothing that overflows,
// and no key of a text where the text should be.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './console';

const TABS = ['lag', 'instances', 'position', 'versions', 'errors', 'alerts', 'audit'];
const PAGES = [
  ...['/', '/tasks', '/tasks/new', '/tasks/copy_shop', '/tasks/copy_shop/edit', '/cores', '/alerts', '/rules'],
  ...['/silences', '/channels', '/users', '/tokens', '/audit', '/account', '/no-such-page'],
  ...TABS.map((tab) => `/tasks/copy_shop?tab=${tab}`),
];
const DOORS = ['/sign-in', '/setup'];

/** Shown in turn, without loading the page again. */
const LOOKS = [
  { colorScheme: 'light', width: 1440 },
  { colorScheme: 'dark', width: 1440 },
  { colorScheme: 'dark', width: 375 },
  { colorScheme: 'light', width: 375 },
] as const;

/** `kit.cancel` and the like: names of texts, which nobody should ever read. */
const KEYS = new Set(
  readdirSync(path.resolve(import.meta.dirname, '../src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'en.json')
    .flatMap((file) =>
      names(JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../src', file), 'utf8')) as object),
    )
    .filter((key) => key.includes('.')),
);

function names(texts: object, before = ''): string[] {
  return Object.entries(texts).flatMap(([key, text]) =>
    typeof text === 'string' ? [before + key] : names(text as object, `${before}${key}.`),
  );
}

/** What is wrong with the page as it is shown. */
async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const words = (await page.locator('body').innerText()).split(/\s+/);
  return [
    ...violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 160)}`)),
    ...(wider > 0 ? [`${String(wider)} px wider than the screen`] : []),
    ...words.filter((word) => KEYS.has(word) || word.includes('{{')).map((word) => `no text but ${word}`),
  ];
}

async function expectGood(page: Page, language: string, pages: readonly string[]): Promise<void> {
  await page.addInitScript((chosen) => {
    localStorage.setItem('replicator-language', chosen);
  }, language);
  for (const address of pages) {
    await page.goto(address);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    for (const { colorScheme, width } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      expect.soft(await faults(page), `${address} (${language}, ${colorScheme}, ${String(width)} px)`).toEqual([]);
    }
  }
}

for (const language of ['en', 'zh']) {
  test(`every page can be used by everybody: ${language}`, async ({ page }) => {
    // Some 90 analyses.
    test.setTimeout(600_000);
    await expectGood(page, language, PAGES);
  });

  test.describe('signed out', () => {
    test.use({ role: null });

    test(`the way in can be used by everybody: ${language}`, async ({ page }) => {
      await expectGood(page, language, DOORS);
    });
  });
}
