// How a page is looked at: light and dark, wide and narrow, by a checker of accessibility and for texts that are missing.
import type { Page } from '@playwright/test';
import axe from 'axe-core';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from './console';

const SRC = path.resolve(import.meta.dirname, '../src');

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

/** Nothing is wrong with the page as it is now, however it is looked at. */
export async function expectGood(page: Page, what: string): Promise<void> {
  // Colours that are on their way are none that anybody has to read.
  await page.addStyleTag({ content: '* { transition: none !important; animation: none !important }' });
  await page.evaluate(axe.source);
  for (const { colorScheme, width } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    expect.soft(await faults(page), `${what} (${colorScheme}, ${String(width)} px)`).toEqual([]);
  }
}
