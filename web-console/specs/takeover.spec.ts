// A Core dies, or is asked to hand over: the page shows who runs the task now, and never one that is gone.
import { call, expect, reaches, removeTask, runTask, status, test } from './console';
import { equal, program, sql } from './levers';

const TASK = 'takeover';

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  await runTask(TASK, { tables: ['shop.items'] });
});

test.afterAll(async () => {
  for (const core of ['core1', 'core2']) await program(core, 'start');
  await removeTask(TASK);
});

test('the Core that runs a task is killed: the other one is shown running it, in the next epoch', async ({ page }) => {
  await expect
    .poll(async () => (await call<{ instances: unknown[] }>('GET', `/tasks/${TASK}/status`)).instances.length)
    .toBe(2);
  const before = (await status(TASK)).running;
  if (!before) throw new Error('nobody runs the task');
  const other = before.core === 'core1' ? 'core2' : 'core1';
  await page.goto(`/tasks/${TASK}?tab=instances`);
  const row = (core: string) => page.getByRole('row').filter({ hasText: core });
  await expect(row(before.core)).toContainText('RUNNING');
  await expect(row(other)).toContainText('STANDBY');

  await program(before.core, 'kill');
  await expect(row(other)).toContainText('RUNNING');
  await expect(row(other)).toContainText(String(before.epoch + 1));
  // The dead one is not left standing there as if it still ran.
  await expect(row(before.core)).toHaveCount(0);
  await sql('source', "INSERT INTO shop.items (name, price) VALUES ('lamp', 19.90)");
  await equal('SELECT name, price FROM shop.items ORDER BY id');

  await page.getByRole('tab', { name: 'Overview' }).click();
  await expect(page.getByText(`epoch ${String(before.epoch + 1)}`)).toBeVisible();
  await expect(page.getByText('1 of 2')).toBeVisible();
  await program(before.core, 'start');
  await page.getByRole('tab', { name: 'Instances' }).click();
  await expect(row(before.core)).toContainText('STANDBY');
});

test('a task is handed over at the end of a transaction', async ({ page }) => {
  const before = (await status(TASK)).running;
  if (!before) throw new Error('nobody runs the task');
  const other = before.core === 'core1' ? 'core2' : 'core1';
  await page.goto(`/tasks/${TASK}`);
  await page.getByRole('button', { name: 'Hand over' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(`${before.core} leaves at the end of a transaction and ${other} goes on`);
  await dialog.getByRole('button', { name: 'Hand over' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText(`${other}epoch ${String(before.epoch + 1)}`)).toBeVisible();
  await reaches(TASK, 'running');
});

test('the Cores page follows a Core that leaves and comes back', async ({ page }) => {
  await page.goto('/cores');
  const cores = page.getByRole('row').filter({ hasText: /core[12]/ });
  await expect(cores).toHaveCount(2);
  await program('core2', 'end');
  await expect(cores).toHaveCount(1);
  await program('core2', 'start');
  await expect(cores).toHaveCount(2);
});
