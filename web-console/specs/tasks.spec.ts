// The list of tasks and what is live on it.
import { expect, reaches, removeTask, runTask, send, test } from './console';
import { program, write } from './levers';

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
  await page.getByRole('link', { name: 'New task' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'New task' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Name', exact: true }).focus();
  await page.keyboard.type('by_keys');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('textbox', { name: 'Group', exact: true })).toBeFocused();
});
