// Builds the explorer: checks its types, bundles it, and writes the scripts that the server embeds.
//
//   node build.mjs NODE_MODULES [OUTPUT]
//
// NODE_MODULES has the packages of package.json (interop/peers/setup brings them). OUTPUT is `built` by default.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [packages, output = join(here, 'built')] = process.argv.slice(2);
if (!packages) throw new Error('usage: node build.mjs NODE_MODULES [OUTPUT]');
const nodeModules = resolve(packages);
const { build } = createRequire(join(nodeModules, 'package.json'))('esbuild');

// The sources are copied next to the packages, so that the checkout stays free of them.
const work = mkdtempSync(join(tmpdir(), 'arrowcid-explorer-'));
try {
  for (const part of ['source', 'tsconfig.json', 'package.json']) cpSync(join(here, part), join(work, part), { recursive: true });
  mkdirSync(join(work, 'modules'));
  for (const module of ['arrowcid.mjs', 'signing.mjs']) {
    cpSync(join(here, '..', '..', '..', 'interop', 'browser', module), join(work, 'modules', module));
  }
  symlinkSync(nodeModules, join(work, 'node_modules'));
  execFileSync(process.execPath, [join(nodeModules, 'typescript', 'bin', 'tsc'), '-p', work], { stdio: 'inherit', cwd: work });

  mkdirSync(resolve(output), { recursive: true });
  const license = readFileSync(join(nodeModules, 'preact', 'LICENSE'), 'utf8').trim();
  await build({
    absWorkingDir: work,
    entryPoints: ['source/app.tsx'],
    outfile: resolve(output, 'explorer.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    banner: { js: `/*! With preact.\n${license}\n*/` },
  });
  // The package's own file, byte for byte: the pages load it before the explorer.
  writeFileSync(resolve(output, 'apache-arrow.js'), readFileSync(join(nodeModules, 'apache-arrow', 'Arrow.esnext.min.js')));
} finally {
  rmSync(work, { recursive: true, force: true });
}
