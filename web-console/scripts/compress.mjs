// Puts a gzipped twin beside every text file of dist/: the Server sends it to browsers that accept it.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
for (const name of readdirSync(dist, { recursive: true })) {
  const file = join(dist, name);
  if (statSync(file).isFile() && /\.(js|css|html|svg|json)$/.test(name)) {
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
}
