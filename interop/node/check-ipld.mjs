// Reads dag-cbor and dag-pb blocks with @ipld/dag-cbor and @ipld/dag-pb and writes them again.
//
//   node check-ipld.mjs BLOCKS
//
// BLOCKS is a text file, a block a line: `dag-cbor HEX` or `dag-pb HEX`. For each the CID of what was written is printed,
// or `cannot` and the peer's message. The packages come from $ARROWCID_PEERS/node, where interop/peers/setup installs them.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const peers = process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers';
const packages = join(peers, 'node', 'node_modules');
if (!existsSync(join(packages, '@ipld', 'dag-cbor'))) {
  console.error(`@ipld/dag-cbor is not in ${join(peers, 'node')}: run interop/peers/setup`);
  process.exit(2);
}

// The packages are modules alone, and stand in no folder above this one: what their exports say is looked up by hand.
function load(name, path = '.') {
  const entry = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')).exports[path].import;
  return import(pathToFileURL(join(packages, name, entry)).href);
}

const codecs = { 'dag-cbor': await load('@ipld/dag-cbor'), 'dag-pb': await load('@ipld/dag-pb') };
const { CID } = await load('multiformats', './cid');
const digest = await load('multiformats', './hashes/digest');

for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
  const [name, hex = ''] = line.split(' ');
  const codec = codecs[name];
  try {
    const block = codec.encode(codec.decode(Buffer.from(hex, 'hex')));
    const hash = digest.create(0x12, createHash('sha256').update(block).digest());
    console.log(CID.createV1(codec.code, hash).toString());
  } catch (error) {
    console.log(`cannot ${error.message.split('\n')[0]}`);
  }
}
