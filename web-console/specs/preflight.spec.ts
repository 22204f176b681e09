// A source that is not fit for it is found before the task starts, with the statement that mends it.
import { expect, specOf, test } from './console';
import { sql } from './levers';
import type { Page } from '@playwright/test';

test.describe.configure({ mode: 'serial' });

test.afterAll(async () => {
  await sql('source', 'SET GLOBAL binlog_row_metadata = FULL');
  await sql('source', "SET GLOBAL binlog_format = 'ROW'");
});

/** The form with everything filled in, at its preflight. */
async function openPreflight(page: Page, name: string, producer: object = {}): Promise<void> {
  await page.goto('/tasks/new');
  await page.getByRole('tab', { name: 'As TOML' }).click();
  const spec = specOf(name, producer) as { producer: Record<string, unknown>; consumer: Record<string, unknown> };
  const table = (values: Record<string, unknown>) =>
    Object.entries(values)
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
      .join('\n');
  await page
    .getByRole('textbox', { name: 'The task as TOML' })
    .fill(
      `name = "${name}"\ngroup = "group1"\n\n[producer]\n${table(spec.producer)}\n\n[consumer]\n${table(spec.consumer)}\n`,
    );
  await page.getByRole('button', { name: 'Check and review' }).click();
  await page
    .getByRole('button', { name: /Preflight$/ })
    .first()
    .click();
  await expect(page.getByText(/^\d+ passed, \d+ warnings, \d+ failed$/)).toBeVisible();
}

test('what is wrong with the source is mended by the statement that is shown, and checked again', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await sql('source', "SET GLOBAL binlog_format = 'MIXED'");
  await openPreflight(page, 'unfit');
  await expect(page.getByText(/, [1-9]\d* failed$/)).toBeVisible();
  const check = page.locator('.mantine-Paper-root').filter({ hasText: 'source_binlog_format' }).last();
  await expect(check.getByRole('img', { name: 'failed' })).toBeVisible();
  await check.getByRole('button', { name: /^Copy/ }).click();
  const fix = await page.evaluate(() => navigator.clipboard.readText());
  expect(fix).toContain('binlog_format');
  await sql('source', fix);
  await check.getByRole('button', { name: /^Run again/ }).click();
  await expect(check.getByRole('img', { name: 'passed' })).toBeVisible();
});

test('an account without its rights is named with the GRANT that it needs', async ({ page }) => {
  await sql('source', "CREATE USER IF NOT EXISTS 'poor'@'%' IDENTIFIED BY 'poor-secret'");
  await openPreflight(page, 'poor', { user: 'poor', password: 'poor-secret' });
  const fix = page.getByText(/GRANT .*REPLICATION SLAVE/);
  await expect(fix.first()).toBeVisible();
  await sql('source', 'DROP USER poor');
});
