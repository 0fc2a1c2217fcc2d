// Reads CARs with @ipld/car, checks every block's hash, and reads the batches in them: UnixFS files with
// ipfs-unixfs-exporter, datasets and column manifests with @ipld/dag-cbor.
//
//   node check-cars.mjs MANIFEST
//
// A line of the manifest is {"car": "a.car", "batches": ["bafkrei…", …]}. For each CAR a line is printed: `same`, its
// version, its number of blocks, and of batches whose bytes hash to their CIDs; or what is wrong.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { load } from './peers.mjs';

// Node 20 lacks what the exporter's queues want.
Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
  return { promise, resolve, reject };
};

const { CarReader, CarIndexer } = await load('@ipld/car');
const cbor = await load('@ipld/dag-cbor');
const { exporter } = await load('ipfs-unixfs-exporter');
const { CID } = await load('multiformats', './cid');

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

async function content(blocks, cid) {
  const store = { async *get(each) { yield block(blocks, each); } };
  const parts = [];
  for await (const part of (await exporter(cid, store)).content()) parts.push(part);
  return Buffer.concat(parts);
}

function block(blocks, cid) {
  const found = blocks.get(cid.toV1().toString());
  if (found === undefined) throw new Error(`no block ${cid}`);
  return found;
}

function joined(blocks, manifest) {
  const pieces = [...manifest.head, ...manifest.columns.flatMap((column) => column.pieces), ...manifest.tail];
  for (const [cid, length] of pieces) {
    if (block(blocks, cid).length !== length) throw new Error(`the piece ${cid} is not ${length} bytes`);
  }
  return Buffer.concat(pieces.map(([cid]) => block(blocks, cid)));
}

// The batches of a UnixFS file or directory. In a directory the files, in the order of their names, are those of the manifest.
async function files(blocks, entry) {
  if (entry.type !== 'directory') return [[null, await content(blocks, entry.cid)]];
  const found = [];
  let manifest;
  for await (const { name, cid } of entry.entries()) {
    const bytes = await content(blocks, cid);
    if (name === 'manifest.cbor') manifest = cbor.decode(bytes);
    else if (name !== 'schema.arrows') found.push([name, bytes]);
    else if (!sha256(bytes).equals(cid.multihash.digest)) throw new Error('the schema is another');
  }
  if (found.length !== manifest.batches.length) throw new Error(`${found.length} files of ${manifest.batches.length} batches`);
  return found.sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, bytes], i) => {
    if (name !== `${i}.arrows`.padStart(12, '0')) throw new Error(`the file ${i} is ${name}`);
    const { cid } = manifest.batches[i];
    return [CID.asCID(cid) ?? CID.decode(cid), bytes];
  });
}

// The batches that a root leads to, as [CID, bytes].
async function batches(blocks, cid) {
  if (cid.code === 0x55) return [[cid, block(blocks, cid)]];
  if (cid.code === 0x70) return files(blocks, await exporter(cid, { async *get(each) { yield block(blocks, each); } }));
  const node = cbor.decode(block(blocks, cid));
  if (node.kind === 'arrowcid/columns') return [[CID.decode(node.cid), joined(blocks, node)]];
  if (node.kind !== 'arrowcid/dataset') throw new Error(`${cid} is ${node.kind}`);
  block(blocks, node.schema);
  const found = [];
  for (const batch of node.batches ?? node.pages.flatMap((page) => cbor.decode(block(blocks, page)).batches)) {
    const at = CID.asCID(batch.cid) ?? CID.decode(batch.cid);
    const isThere = blocks.has(at.toString()) || (batch.dag && blocks.has(batch.dag.toString()));
    if (!isThere) continue; // in a root of its own
    const bytes = blocks.has(at.toString()) ? block(blocks, at) : await content(blocks, batch.dag);
    if (bytes.length !== batch.bytes) throw new Error(`${at} has ${bytes.length} bytes, not ${batch.bytes}`);
    found.push([at, bytes]);
  }
  return found;
}

async function check(path, wanted) {
  const bytes = readFileSync(path);
  const reader = await CarReader.fromBytes(bytes);
  const roots = await reader.getRoots();
  const blocks = new Map();
  for await (const { cid, bytes: found } of reader.blocks()) {
    if (cid.multihash.code !== 0x12 || Buffer.compare(sha256(found), cid.multihash.digest) !== 0) {
      throw new Error(`the block does not hash to ${cid}`);
    }
    blocks.set(cid.toV1().toString(), found);
  }
  let indexed = 0;
  for await (const entry of await CarIndexer.fromBytes(bytes)) {
    if (!blocks.has(entry.cid.toV1().toString())) throw new Error(`${entry.cid} is indexed only`);
    indexed++;
  }
  if (indexed !== blocks.size) throw new Error(`${blocks.size} blocks, ${indexed} of them listed`);
  const left = new Set(wanted);
  for (const root of roots) {
    for (const [named, found] of await batches(blocks, root)) {
      const cid = CID.createV1(0x55, { code: 0x12, size: 32, digest: sha256(found), bytes: Buffer.concat([Buffer.of(0x12, 0x20), sha256(found)]) }).toString();
      if (named !== null && named.toString() !== cid) throw new Error(`what is said to be ${named} is ${cid}`);
      if (!wanted.includes(cid)) throw new Error(`${cid} was not expected`);
      left.delete(cid);
    }
  }
  if (left.size > 0) throw new Error(`${[...left]} are not there`);
  return `same ${reader.version} ${blocks.size} ${wanted.length}`;
}

const folder = dirname(process.argv[2]);
for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
  const { car, batches: wanted } = JSON.parse(line);
  try {
    console.log(`${car} ${await check(join(folder, car), wanted)}`);
  } catch (error) {
    console.log(`${car} different: ${error.message.split('\n')[0]}`);
  }
}
