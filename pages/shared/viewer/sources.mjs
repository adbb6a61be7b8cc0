// Which files the bundle is made of, and their hash. tests/pages/test_viewer.py computes it anew.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

export function hashOfSources() {
  const hash = createHash('sha256');
  const sources = readdirSync(join(here, 'src')).map((name) => `src/${name}`);
  for (const name of [...sources, 'build.mjs', 'package.json', 'package-lock.json'].sort()) {
    hash.update(`${name}\n`);
    hash.update(readFileSync(join(here, name)));
  }
  return hash.digest('hex');
}
