// An alert from its beginning to its end: told to the webhook, taken on, silenced, over.
import { expect, reaches, removeTask, runTask, test } from './console';
import { sql, webhooks } from './levers';
import { stage } from './stage';

const TASK = 'alerting';

test.describe.configure({ mode: 'serial' });

const told = async (words: RegExp): Promise<number> =>
  (await webhooks()).filter(({ body }) => words.test(JSON.stringify(body))).length;

test('a channel is made, and a test of it arrives', async ({ page }) => {
  await page.goto('/channels');
  await page.getByRole('button', { name: 'Add a channel' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('on-call');
  await dialog.getByLabel('Address', { exact: true }).fill(stage().webhook);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  const channel = page.getByRole('region', { name: 'on-call' });
  await channel.getByRole('button', { name: 'Send a test' }).click();
  await expect(channel.getByText('delivered', { exact: true }).first()).toBeVisible();
  expect((await webhooks()).length).toBeGreaterThan(0);
});

test('a task that fails is told to the webhook and shown', async ({ page }) => {
  await runTask(TASK, { tables: ['crm.contacts'] });
  await sql('target', "INSERT INTO crm.contacts VALUES (5, 'already here')");
  await sql('source', "INSERT INTO crm.contacts VALUES (5, 'ada@example.com')");
  await reaches(TASK, 'failed');
  await page.goto('/alerts');
  const alert = page.getByRole('listitem').filter({ hasText: TASK }).filter({ hasText: 'task_failed' });
  await expect(alert).toContainText('Critical');
  // The address in a message leads to that alert alone.
  await page.goto(`/alerts?id=task_failed:${TASK}`);
  await expect(page.getByRole('listitem').filter({ hasText: 'task_failed' })).toHaveCount(1);
  await expect(page.getByRole('button', { name: `Only task_failed:${TASK}` })).toBeVisible();
  await expect.poll(() => told(/task_failed.*alerting|alerting.*task_failed/)).toBeGreaterThan(0);
  await page.goto('/');
  await expect(page.getByRole('region', { name: 'What needs you now' })).toContainText(TASK);
});

test('somebody takes it on, and everybody sees who', async ({ page }) => {
  await page.goto('/alerts');
  const alert = page.getByRole('listitem').filter({ hasText: TASK }).filter({ hasText: 'task_failed' });
  await alert.getByRole('button', { name: 'Acknowledge' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Note' }).fill('looking at the row');
  await dialog.getByRole('button', { name: 'Acknowledge' }).click();
  await expect(alert).toContainText('Taken on by admin');
  await expect(alert).toContainText('looking at the row');
});

test('it is silenced, with a reason and an end', async ({ page }) => {
  await page.goto('/alerts');
  const alert = page.getByRole('listitem').filter({ hasText: TASK }).filter({ hasText: 'task_failed' });
  await alert.getByRole('button', { name: 'Silence' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Why' }).fill('known, being mended');
  await dialog.getByRole('button', { name: 'Silence' }).click();
  await expect(alert.getByRole('link', { name: 'silenced' })).toBeVisible();
  await alert.getByRole('link', { name: 'silenced' }).click();
  const row = page.getByRole('row').filter({ hasText: 'known, being mended' });
  await expect(row).toContainText(TASK);
  await row.getByRole('button', { name: 'End' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
  await expect(row.getByRole('button', { name: 'End' })).toHaveCount(0);
});

test('the transaction that fails is shown, and skipped alone; then the alert is over', async ({ page }) => {
  await page.goto(`/tasks/${TASK}?tab=position`);
  const skip = page.getByRole('region', { name: 'Skip one transaction' });
  await expect(skip).toContainText('ada@example.com');
  await expect(skip.getByRole('button', { name: 'Skip it' })).toBeDisabled();
  await skip.getByRole('textbox', { name: 'Why' }).fill('the row is there already');
  await skip.getByRole('button', { name: 'Skip it' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Skip it' })).toBeDisabled();
  await dialog.getByRole('textbox').fill(TASK);
  await dialog.getByRole('button', { name: 'Skip it' }).click();
  await reaches(TASK, 'running');
  await page.getByRole('tab', { name: 'Overview' }).click();
  await expect(page.getByText('1 transaction skipped')).toBeVisible();
  await page.goto('/alerts');
  await expect(page.getByRole('listitem').filter({ hasText: TASK }).filter({ hasText: 'task_failed' })).toHaveCount(0);
  await page.getByText('Last 7 days').click();
  await expect(page.getByRole('listitem').filter({ hasText: TASK }).filter({ hasText: 'task_failed' })).toBeVisible();
});

test('a rule is set otherwise for everybody, and otherwise again for one task', async ({ page }) => {
  await page.goto('/rules');
  const row = page.getByRole('row').filter({ hasText: 'task_lag_warning' });
  await row.getByRole('button', { name: /^Set/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: /^Threshold/ }).fill('77');
  await dialog
    .getByRole('textbox', { name: 'Over again below' })
    .or(dialog.getByLabel(/^Over again below/))
    .first()
    .fill('33');
  await dialog.getByRole('button', { name: 'Set' }).click();
  await expect(dialog).toBeHidden();
  await expect(row).toContainText('1 min 17 s');

  await page.goto(`/tasks/${TASK}?tab=alerts`);
  const own = page.getByRole('row').filter({ hasText: 'task_lag_warning' });
  await expect(own).toContainText('as everywhere');
  await own.getByRole('button', { name: /^Set/ }).click();
  await page.getByRole('dialog').getByRole('combobox', { name: 'Watched' }).selectOption('false');
  await page.getByRole('dialog').getByRole('button', { name: 'Set' }).click();
  await expect(own).toContainText('enabled = false');
  await page.goto('/rules');
  await expect(row.getByRole('link', { name: TASK })).toBeVisible();
});

test.afterAll(async () => {
  await removeTask(TASK);
});
