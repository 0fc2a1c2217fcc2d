// Where the packages of package.json here are: in $ARROWCID_PEERS/ipfs, where interop/peers/setup installs them.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const peers = process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers';
const packages = join(peers, 'ipfs', 'node_modules');

// The packages are modules alone, and stand in no folder above this one: what their exports say is looked up by hand.
export function load(name, path = '.') {
  if (!existsSync(join(packages, name))) {
    console.error(`${name} is not in ${join(peers, 'ipfs')}: run interop/peers/setup`);
    process.exit(2);
  }
  const entry = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')).exports[path];
  return import(pathToFileURL(join(packages, name, entry.import ?? entry)).href);
}
