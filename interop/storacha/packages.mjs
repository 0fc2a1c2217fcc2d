// Where the packages of package.json here are: beside it after `npm install`, or in $ARROWCID_PEERS/storacha, where interop/peers/setup
// installs them.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const own = join(dirname(fileURLToPath(import.meta.url)), 'node_modules');
const packages = existsSync(own) ? own : join(process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers', 'storacha', 'node_modules');

// What the exports of a package say is looked up by hand: they are modules alone.
export function load(name, path = '.') {
  if (!existsSync(join(packages, name))) {
    console.error(`${name} is not in ${packages}: run npm install in interop/storacha`);
    process.exit(2);
  }
  const entry = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')).exports[path];
  const one = entry.node ?? entry.import ?? entry;
  return import(pathToFileURL(join(packages, name, one.import ?? one.default ?? one)).href);
}
