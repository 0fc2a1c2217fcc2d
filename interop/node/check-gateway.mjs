// Fetches a batch from `arrowcid serve` as IPFS clients do: @helia/trustless-gateway-client finds the server by its own
// delegated routing and gets block by block, ipfs-unixfs-exporter puts the file together, and @ipld/car reads it as an
// archive. Every block's hash is checked here.
//
//   node check-gateway.mjs URL CID ROOT [damaged]
//
// CID is the batch, ROOT the root of the same bytes as a UnixFS file. A line for each way: `same`, its blocks and bytes;
// or what is wrong. With `damaged` a byte has changed on the server's disk, and each way must fail: `noticed`.

import { createHash } from 'node:crypto';
import { load } from './peers.mjs';

// Node 20 lacks what the exporter's queues want.
Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
  return { promise, resolve, reject };
};

const { trustlessGatewayBlockBroker } = await load('@helia/trustless-gateway-client');
const { multiaddr } = await load('@multiformats/multiaddr');
const { CarBlockIterator } = await load('@ipld/car', './iterator');
const { exporter } = await load('ipfs-unixfs-exporter');
const { CID } = await load('multiformats', './cid');

const [url, flat, root, mode] = process.argv.slice(2);
const digest = Buffer.from(CID.parse(flat).multihash.digest);
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

function prove(cid, bytes) {
  if (!sha256(bytes).equals(Buffer.from(cid.multihash.digest))) throw new Error(`${cid} does not hash to itself`);
}

async function* findProviders(cid) {
  const answer = await fetch(`${url}/routing/v1/providers/${cid}?filter-protocols=transport-ipfs-gateway-http`);
  for (const provider of (await answer.json()).Providers) {
    yield { id: provider.ID, multiaddrs: provider.Addrs.map((each) => multiaddr(each)), router: 'ours' };
  }
}

function quiet() {
  const log = () => {};
  return Object.assign(log, { error: log, trace: log, enabled: false, newScope: quiet });
}

const broker = trustlessGatewayBlockBroker({ allowInsecure: true, allowLocal: true })(
  { routing: { findProviders }, logger: { forComponent: quiet } });

async function helia() {
  let blocks = 0;
  const store = {
    async *get(cid) {
      blocks++;
      yield await broker.retrieve(cid, { validateFn: (bytes) => prove(cid, bytes) });
    },
  };
  const parts = [];
  for await (const part of (await exporter(CID.parse(root), store)).content()) parts.push(part);
  return { blocks, bytes: Buffer.concat(parts) };
}

async function car() {
  const answer = await fetch(`${url}/ipfs/${root}?format=car`, { headers: { accept: 'application/vnd.ipld.car' } });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  const blocks = new Map();
  for await (const { cid, bytes } of await CarBlockIterator.fromIterable(answer.body)) {
    prove(cid, bytes);
    blocks.set(cid.toString(), bytes);
  }
  const store = { async *get(cid) { yield blocks.get(cid.toString()); } };
  const parts = [];
  for await (const part of (await exporter(CID.parse(root), store)).content()) parts.push(part);
  return { blocks: blocks.size, bytes: Buffer.concat(parts) };
}

for (const [name, way] of Object.entries({ helia, car })) {
  try {
    const { blocks, bytes } = await way();
    console.log(name, sha256(bytes).equals(digest) ? 'same' : 'other bytes', blocks, bytes.length);
  } catch (error) {
    if (mode !== 'damaged') throw error;
    console.log(name, 'noticed');
  }
}
