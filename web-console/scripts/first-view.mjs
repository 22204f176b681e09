// How long the first view takes in Chromium, with nothing cached: from the address until what was asked for is seen.
//
//   node scripts/first-view.mjs http://127.0.0.1:8080 USER PASSWORD "text that the task list shows"
import { performance } from 'node:perf_hooks';
import { chromium } from '@playwright/test';

const VIEWS = 5;

const [address, user, password, shown] = process.argv.slice(2);
if (shown === undefined) {
  console.error('usage: node scripts/first-view.mjs ADDRESS USER PASSWORD TEXT');
  process.exit(2);
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Milliseconds until `text` is seen at `path`, and the bytes that came over the network for it. */
async function view(browser, path, text) {
  const context = await browser.newContext({ baseURL: address, locale: 'en-GB' });
  const answer = await context.request.post('/api/v1/session', { data: { user, password } });
  if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`);
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  let bytes = 0;
  network.on('Network.loadingFinished', (loaded) => (bytes += loaded.encodedDataLength));
  const begun = performance.now();
  await page.goto(path, { waitUntil: 'commit' });
  await page.getByText(text).first().waitFor();
  const milliseconds = performance.now() - begun;
  await context.close();
  return { milliseconds, bytes };
}

const browser = await chromium.launch({
  executablePath: process.env['REPLICATOR_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
for (const [path, text] of [
  ['/tasks', shown],
  ['/', /\d+/],
]) {
  const views = [];
  for (let number = 0; number < VIEWS; number++) views.push(await view(browser, path, text));
  const times = views.map((one) => Math.round(one.milliseconds));
  const kilobytes = (median(views.map((one) => one.bytes)) / 1024).toFixed(0);
  console.log(`${path}: median ${median(times)} ms of ${times.join(', ')}; ${kilobytes} KB over the network`);
}
await browser.close();
