// A picture of every page in both languages. With REPLICATOR_PICTURES=1 they are written into the book.
import path from 'node:path';
import { call, expect, reaches, specOf, test } from './console';
import { write } from './levers';

const FOLDER = path.resolve(import.meta.dirname, '../../docs/src/pictures');
const KEEP = process.env['REPLICATOR_PICTURES'] === '1';

const PAGES = {
  'sign-in': '/sign-in',
  overview: '/',
  tasks: '/tasks',
  'new-task': '/tasks/new',
  'edit-tables': '/tasks/copy_shop/edit',
  task: '/tasks/copy_shop',
  'task-lag': '/tasks/copy_shop?tab=lag',
  'task-instances': '/tasks/copy_shop?tab=instances',
  'task-position': '/tasks/copy_shop?tab=position',
  'task-versions': '/tasks/copy_shop?tab=versions',
  'task-errors': '/tasks/picture_broken?tab=errors',
  'task-alerts': '/tasks/copy_shop?tab=alerts',
  'task-audit': '/tasks/copy_shop?tab=audit',
  cores: '/cores',
  alerts: '/alerts',
  rules: '/rules',
  silences: '/silences',
  channels: '/channels',
  users: '/users',
  tokens: '/tokens',
  audit: '/audit',
  account: '/account',
};

/** Also shown dark. */
const DARK = ['overview', 'task-lag'];

test.beforeAll(async () => {
  await write(20);
  const broken = specOf('picture_broken', { password: 'mistyped' });
  await call('POST', '/tasks?desired=running', broken);
  await reaches('picture_broken', 'failed');
});

test.afterAll(async () => {
  await write(0);
});

for (const language of ['en', 'zh']) {
  test(`pictures of every page: ${language}`, async ({ page, context }) => {
    test.slow();
    await page.addInitScript((chosen) => {
      localStorage.setItem('replicator-language', chosen);
    }, language);
    const draw = async (name: string): Promise<void> => {
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      // What a page asks for after it is there: charts, lists.
      await page.waitForLoadState('load');
      await page.waitForTimeout(800);
      const picture = await page.screenshot(KEEP ? { path: path.join(FOLDER, `${name}.png`) } : {});
      // An empty page is some 6 kB.
      expect(picture.length, name).toBeGreaterThan(10_000);
    };
    for (const [name, address] of Object.entries(PAGES)) {
      if (name === 'sign-in') continue;
      await page.goto(address);
      if (name === 'edit-tables') await page.getByRole('button', { name: /^2 / }).click();
      await draw(`${name}.${language}`);
      if (!DARK.includes(name)) continue;
      await page.emulateMedia({ colorScheme: 'dark' });
      await draw(`${name}-dark.${language}`);
      await page.emulateMedia({ colorScheme: 'light' });
    }
    await context.clearCookies();
    await page.goto(PAGES['sign-in']);
    await draw(`sign-in.${language}`);
  });
}
