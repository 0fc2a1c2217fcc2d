// mock-ipfs-pinning-service on a free port, until standard input ends:
//
//   node mock-service.mjs TOKEN
//
// Prints its URL. A request whose name begins with `pinned-` or `failed-` has that status at once, others stay queued.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const peers = process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers';
const require = createRequire(join(peers, 'ipfs', 'package.json'));
const { setup } = require('mock-ipfs-pinning-service');

const app = await setup({ token: process.argv[2], loglevel: 'error' });
const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
