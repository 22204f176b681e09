// A task is changed: by form and by TOML, by two people at once, and back again; and sent to another place in the log.
import { expect, removeTask, reaches, runTask, send, specOf, test } from './console';
import { equal, sql, value } from './levers';

const TASK = 'editing';

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  await runTask(TASK, { tables: ['shop.items'] });
});

test.afterAll(async () => {
  await removeTask(TASK);
});

test('form and TOML are two views of one spec', async ({ page }) => {
  await page.goto(`/tasks/${TASK}/edit`);
  await page.getByRole('tab', { name: 'As TOML' }).click();
  const toml = page.getByRole('textbox', { name: 'The task as TOML' });
  await expect(toml).toHaveValue(/name = "editing"/);
  // The password that is stored is not shown, and not lost.
  await expect(toml).toHaveValue(/password = "\*+"/);
  await toml.fill((await toml.inputValue()).replace('"shop.items"', '"shop.items", "shop.customers"'));
  await page.getByRole('tab', { name: 'Guided' }).click();
  await page.getByRole('button', { name: 'Next: Tables' }).click();
  await expect(page.getByText('shop.customers', { exact: true }).first()).toBeVisible();
  await page.getByRole('tab', { name: 'As TOML' }).click();
  await toml.fill('name = "editing"\ngroup = \n');
  await page.getByRole('tab', { name: 'Guided' }).click();
  await expect(page.getByRole('button', { name: /^Line 2/ })).toBeVisible();
});

test('an edit is stored as a version with its reason, compared, and rolled back', async ({ page }) => {
  await page.goto(`/tasks/${TASK}/edit`);
  await page.getByRole('tab', { name: 'As TOML' }).click();
  const toml = page.getByRole('textbox', { name: 'The task as TOML' });
  await expect(toml).toHaveValue(/shop\.items/);
  await toml.fill((await toml.inputValue()).replace('"shop.items"', '"shop.items", "crm.contacts"'));
  await page.getByRole('button', { name: 'Check and review' }).click();
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('crm.contacts');
  await page.getByRole('textbox', { name: 'Why' }).fill('contacts too');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: TASK, level: 1 })).toBeVisible();

  await page.getByRole('tab', { name: 'Versions' }).click();
  const second = page.getByRole('row').filter({ hasText: 'contacts too' });
  await expect(second).toContainText('in force');
  await expect(second).toContainText('admin');
  await expect(page.getByRole('region', { name: 'What changed from 0 to 1' })).toContainText('crm.contacts');
  await page.getByRole('button', { name: 'Roll back' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Why' }).fill('contacts were a mistake');
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await expect(page.getByRole('row').filter({ hasText: 'contacts were a mistake' })).toContainText('in force');
  await reaches(TASK, 'running');
});

test('two people edit at once: the second sees what the first changed', async ({ page }) => {
  await page.goto(`/tasks/${TASK}/edit`);
  await page
    .getByRole('button', { name: /Review$/ })
    .first()
    .click();
  await page.getByRole('textbox', { name: 'Why' }).fill('mine');
  await expect(page.getByRole('button', { name: 'Save' })).toBeVisible();
  const stored = await send('operator', 'GET', `/tasks/${TASK}`);
  const { version } = (await stored.json()) as { version: number };
  const theirs = specOf(TASK, { tables: ['shop.items', 'shop.customers'] });
  const put = await send('operator', 'PUT', `/tasks/${TASK}?reason=theirs`, theirs, {
    'if-match': `"${String(version)}"`,
  });
  expect(put.status).toBe(200);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(`Version ${String(version)} is not the newest any more`)).toBeVisible();
  await expect(page.getByRole('button', { name: `Save mine over version ${String(version + 1)}` })).toBeEnabled();
  await expect(page.getByText(/\+.*shop\.customers/).first()).toBeVisible();
  await page.getByRole('button', { name: 'Begin anew from theirs' }).click();
  await page
    .getByRole('button', { name: /Tables$/ })
    .first()
    .click();
  await expect(page.getByText('shop.customers', { exact: true }).first()).toBeVisible();
});

test('a rewind is previewed, confirmed by name, and replays what is behind', async ({ page }) => {
  const before = (await value('source', 'SELECT @@GLOBAL.gtid_executed')) ?? '';
  await sql('source', "INSERT INTO shop.items (name, price) VALUES ('rewound', 1)");
  await equal('SELECT id, name FROM shop.items ORDER BY id');
  await sql('target', "DELETE FROM shop.items WHERE name = 'rewound'");
  await page.goto(`/tasks/${TASK}?tab=position`);
  const panel = page.getByRole('region', { name: 'Rewind' });
  await panel.getByRole('textbox', { name: 'GTID set' }).fill(before.replace(/\s/g, ''));
  await panel.getByRole('button', { name: 'Preview' }).click();
  await expect(panel.getByRole('status')).toContainText('Back:');
  await expect(panel.getByRole('status')).toContainText('1 transactions');
  await panel.getByRole('button', { name: 'Rewind', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Rewind' })).toBeDisabled();
  await dialog.getByRole('textbox').fill(TASK);
  await dialog.getByRole('button', { name: 'Rewind' }).click();
  await expect(dialog).toBeHidden();
  await equal('SELECT id, name FROM shop.items ORDER BY id');
  await reaches(TASK, 'running');
});
