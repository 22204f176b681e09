// The console's specs: Debian's Chromium against the real programs and servers that `replicator-stage` starts.
import { defineConfig } from '@playwright/test';

const onCi = process.env['CI'] === 'true';

export default defineConfig({
  testDir: 'specs',
  outputDir: 'test-results',
  globalSetup: './specs/stage.ts',
  // One stage for all: specs share servers, so they run one after another, each with tasks of its own.
  workers: 1,
  fullyParallel: false,
  forbidOnly: onCi,
  // One more try where nobody watches; what needed it is listed as flaky at the end.
  retries: onCi ? 1 : 0,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    launchOptions: {
      executablePath: process.env['REPLICATOR_CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    },
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    actionTimeout: 20_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
  projects: [
    // The first start happens once, and every other spec needs the users that it makes.
    { name: 'first-run', testMatch: 'first-run.spec.ts' },
    {
      name: 'console',
      testMatch: '*.spec.ts',
      testIgnore: ['first-run.spec.ts', 'pictures.spec.ts'],
      dependencies: ['first-run'],
    },
    // Only when the book's pictures are to be made anew.
    ...(process.env['REPLICATOR_PICTURES'] === '1'
      ? [{ name: 'pictures', testMatch: 'pictures.spec.ts', dependencies: ['first-run'] }]
      : []),
  ],
});
