// The CIDs that ipfs-unixfs-importer gives to files.
//
//   node unixfs-cids.mjs LIST
//
// A line of the list is `LENGTH CHUNK WIDTH` (CIDs of version 1, raw leaves) or `LENGTH PROFILE`. A file's byte i is
// (31 i + 17 (i >> 8) + 7 (i >> 16)) & 255. The root's CID is printed, a line each.

import { readFileSync } from 'node:fs';
import { load } from './peers.mjs';

const { importer } = await load('ipfs-unixfs-importer');
const { fixedSize } = await load('ipfs-unixfs-importer', './chunker');
const { balanced } = await load('ipfs-unixfs-importer', './layout');

function* pattern(length) {
  const step = 1 << 20;
  for (let start = 0; start < length; start += step) {
    const bytes = new Uint8Array(Math.min(step, length - start));
    for (let i = 0; i < bytes.length; i++) {
      const at = start + i;
      bytes[i] = (at * 31 + (at >> 8) * 17 + (at >> 16) * 7) & 255;
    }
    yield bytes;
  }
}

const nowhere = { put: async (cid) => cid, has: async () => false };

for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
  const [length, chunk, width] = line.split(' ');
  const options = width === undefined
    ? { profile: chunk }
    : {
        cidVersion: 1,
        rawLeaves: true,
        chunker: fixedSize({ chunkSize: Number(chunk) }),
        layout: balanced({ maxChildrenPerNode: Number(width) }),
      };
  for await (const file of importer([{ content: pattern(Number(length)) }], nowhere, options)) {
    console.log(file.cid.toString());
  }
}
