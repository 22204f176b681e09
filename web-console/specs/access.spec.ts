// Who may do what, and the way in and out.
import { call, expect, open, passwordOf, reaches, send, status, test } from './console';
import { stage } from './stage';

const TASK = 'copy_shop';

test.describe('a viewer', () => {
  test.use({ role: 'viewer' });

  test('sees everything of a task and is offered nothing that changes it', async ({ page }) => {
    await page.goto(`/tasks/${TASK}`);
    await expect(page.getByText('RUNNING', { exact: true }).first()).toBeVisible();
    for (const name of ['Pause', 'Stop', 'Edit', 'Hand over', 'Delete']) {
      await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0);
      await expect(page.getByRole('link', { name, exact: true })).toHaveCount(0);
    }
    await page.getByRole('tab', { name: 'Position' }).click();
    await expect(page.getByText('Head of the source')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Preview' })).toHaveCount(0);
    await open(page, 'Tasks');
    await expect(page.getByRole('link', { name: TASK })).toBeVisible();
    await expect(page.getByRole('link', { name: 'New task' })).toHaveCount(0);
    await expect(page.getByRole('checkbox')).toHaveCount(0);
    const pages = page.getByRole('navigation', { name: 'Pages' });
    await expect(pages.getByRole('link', { name: 'Users' })).toHaveCount(0);
    await expect(pages.getByRole('link', { name: 'Audit' })).toHaveCount(0);
  });

  test('is refused by the Server too', async () => {
    const attempts: [string, string, unknown?][] = [
      ['POST', `/tasks/${TASK}/stop`],
      ['POST', `/tasks/${TASK}/pause`],
      ['POST', `/tasks/${TASK}/rewind`, { to: 'earliest' }],
      ['POST', '/silences', { matcher: { task: TASK }, lasts: '1h', reason: 'none' }],
      ['GET', '/users'],
      ['GET', '/audit'],
    ];
    for (const [method, path, body] of attempts) {
      const response = await send('viewer', method, path, body);
      expect(response.status, `${method} ${path}`).toBe(403);
      expect(((await response.json()) as { code: string }).code).toBe('role_missing');
    }
    expect((await status(TASK)).state).toBe('running');
  });
});

test.describe('an operator', () => {
  test.use({ role: 'operator' });

  test('pauses and resumes a task, and makes no users', async ({ page }) => {
    await page.goto(`/tasks/${TASK}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await expect(page.getByText('PAUSED', { exact: true }).first()).toBeVisible();
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect(page.getByText('RUNNING', { exact: true }).first()).toBeVisible();
    await reaches(TASK, 'running');
    await expect(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Users' })).toHaveCount(0);
    expect((await send('operator', 'POST', '/users', {})).status).toBe(403);

    await open(page, 'Audit');
    const paused = page.getByRole('row').filter({ hasText: 'operator' }).filter({ hasText: /pause/i });
    await expect(paused.first()).toContainText(TASK);
  });
});

test.describe('somebody at the door', () => {
  test.use({ role: null });

  test('is sent to sign in, told of a wrong password, and brought back to where it was going', async ({ page }) => {
    await page.goto('/tasks?state=running');
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    await page.getByRole('textbox', { name: 'User' }).fill('viewer');
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toContainText('login_refused');
    await page.getByLabel('Password', { exact: true }).fill(passwordOf('viewer'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(/\/tasks\?state=running$/);
    await expect(page.getByRole('link', { name: TASK })).toBeVisible();
  });

  test('that guesses is locked out, and told for how long', async ({ page }, { retry }) => {
    const name = `guessed${String(retry)}`;
    await call('POST', '/users', { name, role: 'viewer', password: 'nobody will guess this' });
    await page.goto('/sign-in');
    await page.getByRole('textbox', { name: 'User' }).fill(name);
    await page.getByLabel('Password', { exact: true }).fill('nobody will guess this');
    // Each wrong guess doubles the wait, which begins at a second: a slow browser needs one that it can't outsleep.
    const wait = async (): Promise<number> => {
      const { status, headers } = await fetch(`${stage().server}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-replicator-csrf': '1' },
        body: JSON.stringify({ user: name, password: 'a guess, and wrong' }),
      });
      return status === 429 ? Number(headers.get('retry-after')) : 0;
    };
    await expect.poll(wait, { timeout: 40_000 }).toBeGreaterThanOrEqual(7);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toContainText('locked_out');
    await expect(page.getByRole('alert')).toContainText(/\d+ ?s/);
  });
});

test('a session that ends leads to sign in, and back to the same page', async ({ page, context }) => {
  await page.goto('/rules');
  await expect(page.getByRole('heading', { name: 'Rules' })).toBeVisible();
  await context.clearCookies();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await page.getByRole('textbox', { name: 'User' }).fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(passwordOf('admin'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/rules$/);
});

test('language and colours are chosen once and stay', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitem', { name: '中文' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await page.getByRole('banner').getByRole('button').nth(1).click();
  await page.getByRole('menuitem').nth(2).click();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
});

test('a token is shown once, works, and is revoked', async ({ page }) => {
  await page.goto('/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('from a spec');
  await dialog.getByRole('button', { name: 'Make the token' }).click();
  const secret = await page.getByText(/^mr_/).innerText();
  const ask = (): Promise<Response> =>
    fetch(`${stage().server}/api/v1/tasks`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await ask()).status).toBe(200);
  await page.keyboard.press('Escape');
  const row = page.getByRole('row').filter({ hasText: 'from a spec' });
  await expect(page.getByText(secret)).toHaveCount(0);
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(row).toHaveCount(0);
  expect((await ask()).status).toBe(401);
});
