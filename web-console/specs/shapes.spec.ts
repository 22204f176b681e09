// What routes do to rows: set in the form by keys and by hand, seen with real rows before anything is stored, and stored.
import type { Page } from '@playwright/test';
import { call, expect, removeTask, specOf, test } from './console';
import { sql } from './levers';
import { expectGood } from './looks';

const TASK = 'shaping';
const SALT = 'a salt that nobody reads';

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  await sql(
    'source',
    `CREATE TABLE shop.people (id INT PRIMARY KEY, name VARCHAR(40), email VARCHAR(80), secret VARCHAR(20), state VARCHAR(9))`,
  );
  await sql(
    'source',
    `INSERT INTO shop.people VALUES (1, 'Ann', 'ann@x.example', 's1', 'new'), (2, 'Bob', 'bob@x.example', 's2', 'draft')`,
  );
  await call('POST', '/tasks', specOf(TASK, { tables: ['shop.people'] }, { route: [{ from: 'shop.people' }] }));
});

test.afterAll(async () => {
  await removeTask(TASK);
  await sql('source', 'DROP TABLE shop.people');
});

async function openTarget(page: Page): Promise<void> {
  await page.goto(`/tasks/${TASK}/edit`);
  await page.getByRole('button', { name: /^3 / }).click();
}

test('rows are left out, renamed and masked: previewed, and stored', async ({ page }) => {
  await openTarget(page);
  const route = page.getByRole('group', { name: 'Route 1' });
  // By keys alone: opened, and the condition is the next field.
  await route.getByRole('button', { name: 'Change rows…' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type("state <> 'draft");
  await route.getByLabel('Columns left out').fill('secret');
  await page.keyboard.press('Enter');

  const add = route.getByRole('button', { name: 'Change a column' });
  await add.focus();
  await page.keyboard.press('Enter');
  // The new row is where the next key goes.
  await page.keyboard.type('name');
  const renamed = route.getByRole('group', { name: 'Change 1' });
  await renamed.getByLabel('New name').fill('title');
  await add.click();
  await page.keyboard.type('email');
  const masked = route.getByRole('group', { name: 'Change 2' });
  await masked.getByLabel('What happens').selectOption('hash');
  const salt = masked.getByLabel('Salt', { exact: true });

  // What can't be read is told at its field, and mended there; then what can't work.
  const preview = page.getByRole('region', { name: 'Preview' });
  await preview.getByRole('button', { name: 'Preview' }).click();
  const where = route.getByLabel('Only rows for which');
  await expect(where).toHaveAccessibleDescription(/quote is never closed/);
  await where.fill("state <> 'draft'");
  await expect(where).not.toHaveAttribute('aria-invalid', 'true');
  await preview.getByRole('button', { name: 'Preview' }).click();
  await expect(salt).toHaveAccessibleDescription(/the salt is empty/);
  await salt.fill(SALT);
  await preview.getByRole('button', { name: 'Preview' }).click();
  const rows = preview.getByRole('group', { name: 'Rows at the source and at the target' });
  await expect(rows.getByRole('columnheader', { name: /^title/ })).toBeVisible();
  const ann = rows.getByRole('row').filter({ hasText: 'ann@x.example' });
  await expect(ann.getByRole('cell')).toHaveText([
    '1',
    'Ann',
    'ann@x.example',
    'new',
    's1',
    '1',
    'Ann',
    /^[0-9a-f]{64}$/,
    'new',
  ]);
  const bob = rows.getByRole('row').filter({ hasText: 'bob@x.example' });
  await expect(bob).toContainText('left out by the condition');

  await page.getByRole('button', { name: /^6 / }).click();
  const toml = page.getByRole('region', { name: 'TOML' });
  await expect(toml).toContainText(/where = "state <> 'draft'"/);
  await expect(toml).not.toContainText(SALT);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: TASK, level: 1 })).toBeVisible();
  const { spec } = await call<{ spec: { route: unknown[] } }>('GET', `/tasks/${TASK}`);
  expect(spec.route).toEqual([
    {
      from: 'shop.people',
      where: "state <> 'draft'",
      drop: ['secret'],
      rename: { name: 'title' },
      mask: { email: { hash: '********' } },
    },
  ]);
});

for (const [language, words] of [
  ['en', { change: 'Change rows…', preview: 'Preview', kept: 'stored, not shown' }],
  ['zh', { change: '更改行…', preview: '预览', kept: '已保存，不显示' }],
] as const) {
  test(`it can be used by everybody, and a stored salt stays: ${language}`, async ({ page }) => {
    await page.addInitScript((chosen) => {
      localStorage.setItem('replicator-language', chosen);
    }, language);
    await openTarget(page);
    await expect(page.getByText("where: state <> 'draft'")).toBeVisible();
    await page.getByRole('button', { name: words.change }).click();
    await expect(page.locator(`input[value="${words.kept}"]`).last()).toBeVisible();
    const preview = page.getByRole('region', { name: words.preview });
    await preview.getByRole('button', { name: words.preview }).click();
    await expect(preview.getByRole('cell', { name: /^[0-9a-f]{64}$/ })).toBeVisible();
    await expect(page.locator('.mantine-Loader-root')).toHaveCount(0);
    await expectGood(page, `${language} rows changed by a route`);
  });
}
