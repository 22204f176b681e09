// JavaScript of the first view, gzipped: the entry, what it imports, and the largest page with what that imports.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIMIT_KB = 400;

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));

/** The chunk and all that it imports at once. */
function chunks(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const imported of manifest[key]?.imports ?? []) chunks(imported, seen);
  return seen;
}

const bytes = (keys) => {
  const files = new Set([...keys].map((key) => manifest[key].file).filter((file) => file.endsWith('.js')));
  return [...files].reduce((sum, file) => sum + statSync(join(dist, `${file}.gz`)).size, 0);
};

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const first = chunks(entry);
const pages = Object.keys(manifest)
  .filter((key) => manifest[key].isDynamicEntry)
  .map((key) => ({ key, bytes: bytes(chunks(key, new Set(first))) }))
  .sort((a, b) => b.bytes - a.bytes);
const kb = (amount) => `${(amount / 1024).toFixed(1)} KB`;
console.log(
  `JavaScript, gzipped: entry ${kb(bytes(first))}; with the largest page (${pages[0]?.key}) ${kb(pages[0]?.bytes ?? 0)}`,
);
if ((pages[0]?.bytes ?? bytes(first)) > LIMIT_KB * 1024) {
  console.error(`that is more than ${LIMIT_KB} KB`);
  process.exit(1);
}
