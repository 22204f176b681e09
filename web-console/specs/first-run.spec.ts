// The first hour: somebody opens the address that the Server printed, and ends with rows that arrive at the target.
import { expect, open, passwordOf, test } from './console';
import { equal, sql } from './levers';
import { stage } from './stage';

test.use({ role: null });

test('the printed address makes the first administrator, and the others follow', async ({ page }) => {
  await page.goto(`/setup#token=${stage().setup_token}`);
  await expect(page.getByRole('heading', { name: 'First start' })).toBeVisible();
  await expect(page.getByLabel('One-time token')).toHaveValue(stage().setup_token);
  // A secret that was in the address is not to be found there later.
  await expect(page).not.toHaveURL(/token/);
  await page.getByLabel('New password').fill(passwordOf('admin'));
  await page.getByLabel('The same again').fill('something else entirely');
  await expect(page.getByText('This is not the same')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Make the user and sign in' })).toBeDisabled();
  await page.getByLabel('The same again').fill(passwordOf('admin'));
  await page.getByRole('button', { name: 'Make the user and sign in' }).click();

  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Account of admin' })).toBeVisible();
  await open(page, 'Tasks');
  await expect(page.getByText('There is no task yet')).toBeVisible();

  await open(page, 'Users');
  for (const role of ['operator', 'viewer'] as const) {
    await page.getByRole('button', { name: 'New user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('User', { exact: true }).fill(role);
    if (role === 'operator') {
      await dialog.getByRole('combobox', { name: 'Role' }).click();
      await page.getByRole('option', { name: 'Operator' }).click();
    }
    await dialog.getByLabel('New password').fill(passwordOf(role));
    await dialog.getByLabel('The same again').fill(passwordOf(role));
    await dialog.getByRole('button', { name: 'Make the user' }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('row', { name: new RegExp(role, 'i') })).toBeVisible();
  }
});

test('a setup that was made is not made twice', async ({ page }) => {
  await page.goto(`/setup#token=${stage().setup_token}`);
  await page.getByLabel('New password').fill('somebody else came here');
  await page.getByLabel('The same again').fill('somebody else came here');
  await page.getByRole('button', { name: 'Make the user and sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('already_set_up');
  await page.getByRole('link', { name: 'Sign in instead' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});

test.describe('signed in', () => {
  test.use({ role: 'admin' });

  test('a task is made step by step, started, and copies what is written', async ({ page }) => {
    const { source, target } = stage();
    await page.goto('/');
    await open(page, 'Tasks');
    await page.getByRole('link', { name: 'New task' }).first().click();
    await expect(page.getByRole('heading', { name: 'New task' })).toBeVisible();

    const fill = async (end: typeof source): Promise<void> => {
      await page.getByRole('textbox', { name: 'Host', exact: true }).fill(end.host);
      await page.getByRole('textbox', { name: 'Port', exact: true }).fill(String(end.port));
      await page.getByRole('textbox', { name: 'User', exact: true }).fill(end.user);
      await page.getByLabel('Password', { exact: true }).fill(end.password);
    };
    const tested = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Test connection' }).click();
      const stages = page.getByRole('listitem').filter({ hasText: /ms$|skipped|TLS|Encryption/ });
      await expect(stages.filter({ hasText: 'Login' }).getByRole('img', { name: 'passed' })).toBeVisible();
      await expect(stages.filter({ hasText: 'Rights' }).getByRole('img', { name: 'passed' })).toBeVisible();
    };

    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('copy_shop');
    await page.getByRole('textbox', { name: 'Group', exact: true }).fill('group1');
    await fill({ ...source, password: 'mistyped' });
    await page.getByRole('button', { name: 'Test connection' }).click();
    await expect(
      page.getByRole('listitem').filter({ hasText: 'Login' }).getByRole('img', { name: 'failed' }),
    ).toBeVisible();
    await fill(source);
    await tested();

    await page.getByRole('button', { name: 'Next: Tables' }).click();
    await page.getByRole('radio', { name: 'Chosen ones' }).check();
    await page.getByRole('button', { name: /^shop/ }).click();
    await page.getByRole('checkbox', { name: 'orders' }).check();
    await page.getByRole('checkbox', { name: 'customers' }).check();
    await expect(page.getByText('2 of 4 tables are replicated')).toBeVisible();

    await page.getByRole('button', { name: 'Next: Target' }).click();
    await fill(target);
    await tested();

    await page.getByRole('button', { name: 'Next: Running' }).click();
    await expect(page.getByRole('radio', { name: 'Hot', exact: true })).toBeChecked();
    await page.getByRole('button', { name: 'Next: Preflight' }).click();
    await expect(page.getByText(/^\d+ passed, \d+ warnings, 0 failed$/)).toBeVisible();

    await page.getByRole('button', { name: 'Next: Review' }).click();
    const toml = page.getByRole('region', { name: 'TOML' });
    await expect(toml).toContainText('name = "copy_shop"');
    // What is shown may be looked at by anybody who passes by.
    await expect(toml).not.toContainText(source.password);
    await page.getByRole('button', { name: 'Create and start' }).click();

    await expect(page.getByRole('heading', { name: 'copy_shop' })).toBeVisible();
    await expect(page.getByText('RUNNING', { exact: true }).first()).toBeVisible();
    await sql('source', "INSERT INTO shop.customers (name, city) VALUES ('Ada', 'London'), ('李雷', '北京')");
    await equal('SELECT name, city FROM shop.customers ORDER BY id');
    await expect(page.getByText('2 rows')).toBeVisible();
  });
});
