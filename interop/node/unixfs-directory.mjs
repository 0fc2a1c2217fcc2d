// Blocks of a directory in shards, made by ipfs-unixfs-importer of files NAME that hold their names.
//
//   node unixfs-directory.mjs COUNT
//
// The first line is the directory's CID; then come its blocks, `CID HEX`.

import { load } from './peers.mjs';

const { importer } = await load('ipfs-unixfs-importer');
const blocks = new Map();
const store = { put: async (cid, bytes) => { blocks.set(cid.toString(), bytes); return cid; }, has: async () => false };
const count = Number(process.argv[2]);
const files = Array.from({ length: count }, (_, i) => `dir/file ${i} ${'é'.repeat(i % 40)}`);
let root;
for await (const entry of importer(files.map((path) => ({ path, content: Buffer.from(path) })), store,
  { profile: 'unixfs-v1-2025', shardSplitThresholdBytes: 0 })) {
  if (entry.path === 'dir') root = entry.cid;
}
console.log(root.toString());
for (const [cid, bytes] of blocks) console.log(`${cid} ${Buffer.from(bytes).toString('hex')}`);
