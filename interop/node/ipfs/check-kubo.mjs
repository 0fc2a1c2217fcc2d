// kubo-rpc-client against the RPC at a URL:
//
//   node check-kubo.mjs URL ROOT CAR BLOCK
//
// Prints whether ROOT is pinned there, the SHA-256 of its block, the roots that an import of the file CAR pins, and the CID that the file
// BLOCK has there: what the client by others makes of the node, and how it calls it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { load } from './peers.mjs';

const { create } = await load('kubo-rpc-client');
const { CID } = await load('multiformats', './cid');

const [url, root, car, block] = process.argv.slice(2);
const kubo = create({ url: `${url}/api/v0` });
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
for await (const pin of kubo.pin.ls({ paths: root, type: 'recursive' })) console.log(`pinned ${pin.cid} ${pin.type}`);
console.log(`block ${hash(await kubo.block.get(CID.parse(root)))}`);
for await (const { root: { cid, pinErrorMsg } } of kubo.dag.import([readFileSync(car)], { pinRoots: true })) console.log(`root ${cid} ${pinErrorMsg}`);
console.log(`put ${await kubo.block.put(readFileSync(block), { cidCodec: 'raw', 'cid-codec': 'raw', mhtype: 'sha2-256', pin: true })}`);
