// Every text is there in each language, and every text is used. A key counts as used when it stands in the source as a
// literal ('list.title' or 'tasks:list.title'), or when a template begins with a part of it (`state.${state}`).
import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LANGUAGES = ['en', 'zh'];
const PLURAL = /_(zero|one|two|few|many|other)$/;
const root = fileURLToPath(new URL('../src', import.meta.url));

const files = readdirSync(root, { recursive: true }).map((file) => join(root, file));
const source = files
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.test.ts') && !file.endsWith('schema.d.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');
const literals = new Set([...source.matchAll(/['"]([\w:.-]+)['"]/g)].map((found) => found[1]));
const beginnings = [...source.matchAll(/`([\w:.-]*[.:])\$\{/g)].map((found) => found[1]);

/** `{a: {b: 'x'}}` → `{'a.b': 'x'}` */
function flat(texts, before = '') {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[before + key, value]] : flat(value, `${before}${key}.`),
  );
}

const placeholders = (text) => [...text.matchAll(/\{\{\s*(\w+)/g)].map((found) => found[1]).sort();
const problems = [];
let count = 0;
for (const folder of new Set(files.filter((file) => basename(file) === 'en.json').map(dirname))) {
  const namespace = basename(folder);
  const [en, zh] = LANGUAGES.map((language) => {
    const texts = flat(JSON.parse(readFileSync(join(folder, `${language}.json`), 'utf8')));
    const keys = new Map();
    for (const [key, text] of texts) {
      if (text.trim() === '') problems.push(`${namespace}/${language}.json: ${key} is empty`);
      keys.set(key.replace(PLURAL, ''), new Set([...(keys.get(key.replace(PLURAL, '')) ?? []), ...placeholders(text)]));
    }
    return keys;
  });
  for (const key of en.keys()) {
    count += 1;
    if (!zh.has(key)) problems.push(`${namespace}/zh.json: ${key} is missing`);
    else if ([...en.get(key)].sort().join() !== [...zh.get(key)].sort().join())
      problems.push(`${namespace}: ${key} has other placeholders in zh than in en`);
    const full = `${namespace}:${key}`;
    const used =
      literals.has(key) ||
      literals.has(full) ||
      beginnings.some(
        (beginning) => key.startsWith(beginning) || (beginning.includes(':') && full.startsWith(beginning)),
      );
    if (!used) problems.push(`${namespace}/en.json: ${key} is used nowhere`);
  }
  for (const key of zh.keys()) if (!en.has(key)) problems.push(`${namespace}/en.json: ${key} is missing`);
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`texts: ${count} keys in ${LANGUAGES.join(', ')}, each there and each used`);
