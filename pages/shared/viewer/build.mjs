// Builds pages/static/film-viewer.js and the licences of what is in it: npm ci, npm run build.
// The first line of the bundle holds the hash of all that it is made of: sources.mjs.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { hashOfSources } from './sources.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(here, '..', '..', 'static');

// vtk.js (36.4.1) lets go of an image's texture whether it has one or not: where a film went before
// it was drawn the first time, nothing was drawn any more, on the whole page.
const LETS_GO = 'model.openGLTexture.releaseGraphicsResources(renderWindow)';
const CHANGED = 'Changed here: Rendering/OpenGL/ImageMapper.js lets go of a texture only where it has one.\n\n';
const withoutTexture = {
  name: 'without texture',
  setup: ({ onLoad }) => onLoad({ filter: /OpenGL[\\/]ImageMapper\.js$/ }, ({ path }) => {
    const text = readFileSync(path, 'utf8');
    if (text.split(LETS_GO).length !== 2) throw new Error(`Expected one ${LETS_GO} in ${path}.`);
    return { contents: text.replace(LETS_GO, LETS_GO.replace('Texture.', 'Texture?.')) };
  }),
};

const result = await build({
  absWorkingDir: here,
  entryPoints: ['src/mount.js'],
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  loader: { '.css': 'text' },
  define: {
    // See src/engine.js.
    'window.devicePixelRatio': 'globalThis.filmViewerPixelRatio',
    'process.env.NODE_ENV': '"production"',
  },
  alias: { xmlbuilder2: './src/absent.js' },
  plugins: [withoutTexture],
  logLevel: 'warning',
  logOverride: { 'empty-import-meta': 'silent' },
});

const head = `/* film-viewer, sources ${hashOfSources()}; licences: film-viewer.LICENSES.txt */\n`;
writeFileSync(join(folder, 'film-viewer.js'), head + result.outputFiles[0].text);
writeFileSync(join(folder, 'film-viewer.LICENSES.txt'), licences(result.metafile));

// Returns the licence of every package of which something is in the bundle, by name.
function licences(metafile) {
  const [{ inputs }] = Object.values(metafile.outputs);
  const folders = new Set();
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
    if (found && bytesInOutput > 0) folders.add(found[1]);
  }
  // dcmjs comes bundled: what it needs is inside its one file.
  const within = (name) => {
    for (const needed of Object.keys(about(name).dependencies ?? {})) {
      const nested = `${name}/node_modules/${needed}`;
      const folder = existsSync(join(here, nested)) ? nested : `node_modules/${needed}`;
      if (folders.has(folder) || !existsSync(join(here, folder))) continue;
      folders.add(folder);
      within(folder);
    }
  };
  if (folders.has('node_modules/dcmjs')) within('node_modules/dcmjs');
  const rule = '-'.repeat(80);
  return [...folders]
    .map((folder) => {
      const { name, version, license } = about(folder);
      const changed = name === '@kitware/vtk.js' ? CHANGED : '';
      return `${rule}\n${name} ${version} (${license})\n${rule}\n\n${changed}${textOf(folder)}\n`;
    })
    .sort()
    .join('\n');
}

function about(folder) {
  return JSON.parse(readFileSync(join(here, folder, 'package.json'), 'utf8'));
}

// Some packages name their licence, MIT, in package.json alone: its text, with who made them.
function textOf(folder) {
  const file = readdirSync(join(here, folder)).find((name) => /^licen[cs]e/i.test(name));
  if (file) return readFileSync(join(here, folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
  const { name, license, author, contributors } = about(folder);
  if (license !== 'MIT') throw new Error(`Expected a licence text in ${name} (${license}).`);
  const holder = (one) => one?.name ?? one;
  const text = readFileSync(join(here, 'mit.txt'), 'utf8');
  return text.replace('HOLDER', holder(author ?? contributors?.[0] ?? `the authors of ${name}`));
}
