// The piece commitments that @web3-storage/data-segment and fr32-sha2-256-trunc254-padded-binary-tree-multihash give.
//
//   node check-pieces.mjs LIST
//
// A line of the list is the length of a payload, whose byte i is (31 i + 17 (i >> 8) + 7 (i >> 16)) & 255. For each line the
// piece CID of version 1, that of version 2 and the padded size are printed, or `different` where the peers differ.

import { readFileSync } from 'node:fs';
import { load } from './peers.mjs';

const { Piece } = await load('@web3-storage/data-segment');
const { create } = await load('fr32-sha2-256-trunc254-padded-binary-tree-multihash');

for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
  const bytes = Uint8Array.from({ length: Number(line) }, (_, i) => (i * 31 + (i >> 8) * 17 + (i >> 16) * 7) & 255);
  const piece = Piece.fromPayload(bytes);
  const hasher = create();
  hasher.write(bytes);
  const other = new Uint8Array(hasher.multihashByteLength());
  hasher.digestInto(other, 0, true);
  hasher.free();
  const isSame = Buffer.compare(other, piece.link.multihash.bytes) === 0;
  console.log(isSame ? `${piece.toInfo().link} ${piece.link} ${piece.size}` : 'different');
}
