#!/usr/bin/env node
// Uploads a CAR to Storacha with its official client:
//
//   arrowcid export car @prices -o - | node upload.mjs --public --key FILE --proof FILE
//
// FILEs hold the agent's key and a delegation of the space to it, as `storacha key create` and `storacha delegation create --base64`
// print them. Prints a line of JSON: the root, the space, and the CID of each CAR that was stored.
//
// What is uploaded is public, may be read by anybody who knows its CID, and may be kept for ever, so that --public must be given.
// --service URL DID and --receipts URL name another service than Storacha's.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { load } from './packages.mjs';

const { values } = parseArgs({
  options: {
    public: { type: 'boolean' }, key: { type: 'string' }, proof: { type: 'string' }, service: { type: 'string' }, id: { type: 'string' },
    receipts: { type: 'string' }, help: { type: 'boolean' },
  },
});
const refuse = (text) => {
  console.error(`storacha: ${text}`);
  process.exit(2);
};
if (values.help) {
  console.log('arrowcid export car CID -o - | node upload.mjs --public --key FILE --proof FILE [--service URL --id DID --receipts URL]');
  process.exit(0);
}
if (!values.public) refuse('what is uploaded is public and may be kept for ever; give --public to do it');
if (!values.key || !values.proof) refuse('--key and --proof name the files of the agent and of its delegation');

const { create } = await load('@storacha/client');
const { Signer } = await load('@storacha/client', './principal/ed25519');
const { StoreMemory } = await load('@storacha/client', './stores/memory');
const Proof = await load('@storacha/client', './proof');

const options = {};
if (values.service) {
  const { accessServiceConnection, uploadServiceConnection, filecoinServiceConnection } = await load('@storacha/client', './service');
  const at = { id: { did: () => values.id }, url: new URL(values.service) };
  options.serviceConf = { access: accessServiceConnection(at), upload: uploadServiceConnection(at), filecoin: filecoinServiceConnection(at) };
}
if (values.receipts) options.receiptsEndpoint = new URL(values.receipts);

const client = await create({ principal: Signer.parse(readFileSync(values.key, 'utf8').trim()), store: new StoreMemory(), ...options });
const space = await client.addSpace(await Proof.parse(readFileSync(values.proof, 'utf8').trim()));
await client.setCurrentSpace(space.did());
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const stored = [];
const root = await client.uploadCAR(new Blob(chunks), { onShardStored: ({ cid, size }) => stored.push({ cid: `${cid}`, size }) });
console.log(JSON.stringify({ root: `${root}`, space: space.did(), stored }));
