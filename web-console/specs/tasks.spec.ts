// The list of tasks and what is live on it.
import type { Locator, Page } from '@playwright/test';
import { expect, reaches, removeTask, runTask, send, test } from './console';
import { program, write } from './levers';
import { stage } from './stage';

const TASKS = ['many_a', 'many_b', 'many_c'];

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  for (const task of TASKS) await runTask(task, { tables: [`shop.${task}`] });
});

test.afterAll(async () => {
  await program('server', 'thaw');
  await write(0);
  for (const task of TASKS) await removeTask(task);
});

test('several tasks are paused together, and resumed', async ({ page }) => {
  await page.goto('/tasks?search=many');
  await page.getByRole('checkbox', { name: 'Select all on this page' }).check();
  const bar = page.getByRole('region', { name: '3 tasks selected' });
  await bar.getByRole('button', { name: 'Pause' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('listitem')).toHaveText(TASKS);
  await dialog.getByRole('button', { name: 'Pause' }).click();
  for (const task of TASKS) {
    await expect(page.getByRole('row').filter({ hasText: task })).toContainText('PAUSED');
  }
  await page.getByRole('checkbox', { name: 'Select all on this page' }).check();
  await bar.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
  for (const task of TASKS) {
    await expect(page.getByRole('row').filter({ hasText: task })).toContainText('RUNNING');
  }
});

test('what the list is narrowed to is in the address, and survives a reload', async ({ page }) => {
  await page.goto('/tasks');
  await expect(page.getByRole('link', { name: 'many_a' })).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('many_b');
  await expect(page).toHaveURL(/search=many_b/);
  await expect(page.getByRole('link', { name: 'many_b' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'many_a' })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('searchbox', { name: 'Search by name' })).toHaveValue('many_b');
  await expect(page.getByRole('link', { name: 'many_a' })).toHaveCount(0);
  await page.getByRole('button', { name: /^RUNNING/ }).click();
  await expect(page).toHaveURL(/state=running/);
  await page.goto('/tasks?search=nothing-is-called-so');
  await expect(page.getByText('No task is like that')).toBeVisible();
});

test('a change that somebody else makes is shown without a reload', async ({ page }) => {
  await page.goto('/tasks?search=many_c');
  const row = page.getByRole('row').filter({ hasText: 'many_c' });
  await expect(row).toContainText('RUNNING');
  await send('operator', 'POST', '/tasks/many_c/pause');
  await expect(row).toContainText('PAUSED');
  await send('operator', 'POST', '/tasks/many_c/resume');
  await expect(row).toContainText('RUNNING');
  await reaches('many_c', 'running');
});

test('rates and charts move while the source is written to', async ({ page }) => {
  await write(50);
  await page.goto('/tasks/copy_shop');
  await expect(page.getByText(/^[1-9]\d* rows\/s$/)).toBeVisible();
  await page.getByRole('tab', { name: 'Lag & throughput' }).click();
  await expect(page.locator('canvas').first()).toBeVisible();
  await write(0);
});

test('a Server that is not heard any more: nothing is shown as if it were true', async ({ page }) => {
  await page.goto('/tasks?search=many_a');
  const row = page.getByRole('row').filter({ hasText: 'many_a' });
  await expect(row).toContainText('RUNNING');
  await program('server', 'freeze');
  await expect(page.getByText(/The Server does not answer\. What you see is from/)).toBeVisible();
  await expect(row).toContainText('was RUNNING');
  await program('server', 'thaw');
  await expect(page.getByText(/The Server does not answer\. What you see is from/)).toHaveCount(0);
  await expect(row).not.toContainText('was RUNNING');
});

test('the list is walked through by keys alone', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await expect(page.getByRole('heading', { name: 'Tasks', level: 1 })).toBeVisible();
});

/** Presses Tab until it is there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let pressed = 0; pressed < 100; pressed += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no number of Tabs leads to ${String(target)}`);
}

test('a task is made by keys alone, from the list to its page', async ({ page }) => {
  const { source, target } = stage();
  const textbox = (name: string) => page.getByRole('textbox', { name, exact: true });
  const fill = async (field: Locator, text: string) => {
    await tabTo(page, field);
    await page.keyboard.press('Control+a');
    await page.keyboard.type(text);
  };
  const press = async (name: string) => {
    await tabTo(page, page.getByRole('button', { name }));
    await page.keyboard.press('Enter');
  };
  const writeServer = async ({ host, port, user, password }: typeof source) => {
    await fill(textbox('Host'), host);
    await fill(textbox('Port'), String(port));
    await fill(textbox('User'), user);
    await fill(page.getByLabel('Password', { exact: true }), password);
  };
  await page.goto('/tasks');
  await tabTo(page, page.getByRole('link', { name: 'New task' }));
  await page.keyboard.press('Enter');
  await fill(textbox('Name'), 'by_keys');
  await fill(textbox('Group'), 'group1');
  await writeServer(source);
  await press('Next: Tables');
  await tabTo(page, page.getByRole('radio', { name: 'All, also those made later' }));
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: 'Chosen ones' })).toBeChecked();
  await fill(page.getByRole('textbox', { name: /^Patterns/ }).or(page.getByPlaceholder('shop.*', { exact: true })), '');
  await page.keyboard.type('shop.items');
  await page.keyboard.press('Enter');
  await expect(page.getByText('1 of 4 tables are replicated')).toBeVisible();
  await press('Next: Target');
  await writeServer(target);
  await press('Next: Running');
  await press('Next: Preflight');
  await expect(page.getByText(/^\d+ passed, \d+ warnings, \d+ failed$/)).toBeVisible();
  await press('Next: Review');
  await press('Create stopped');
  await expect(page.getByRole('heading', { name: 'by_keys' })).toBeVisible();
  await expect(page.getByText('STOPPED', { exact: true }).first()).toBeVisible();
  await removeTask('by_keys');
});
