// Starts the service of @storacha/upload-api's own test context on this machine, and lets upload.mjs upload a CAR to it:
//
//   node check.mjs CAR
//
// Prints `uploaded ROOT` once the service has the upload in its table, the CAR in its registry, and the CAR's bytes in a storage node.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from './packages.mjs';

const { createContext, cleanupContext } = await load('@storacha/upload-api', './test/context');
const { create } = await load('@storacha/client');
const { StoreMemory } = await load('@storacha/client', './stores/memory');
const { Signer } = await load('@storacha/client', './principal/ed25519');

const car = readFileSync(process.argv[2]);
const context = await createContext({ requirePaymentPlan: false, http, assert: { fail: (error) => console.error(error) } });

// The service over HTTP: calls are posted to it, and receipts are fetched by the CID of their task.
const server = http.createServer(async (request, response) => {
  try {
    const task = /\/receipt\/(.+)$/.exec(request.url)?.[1];
    if (task) {
      const { parseLink, Message } = await load('@ucanto/core');
      const { CAR } = await load('@ucanto/transport');
      const found = await context.agentStore.receipts.get(parseLink(task));
      if (found.error) return response.writeHead(404).end();
      const message = await Message.build({ receipts: [found.ok] });
      return response.end((await CAR.request.encode(message)).body);
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await context.connection.channel.request({ headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(`${error}`);
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}`;
const folder = mkdtempSync(join(tmpdir(), 'storacha-'));
let exit = 1;
try {
  // The owner of a space, which the service has provisioned, delegates it to an agent.
  const owner = await create({ store: new StoreMemory(), serviceConf: { access: context.connection, upload: context.connection, filecoin: context.connection } });
  const space = await owner.createSpace('prices', { skipGatewayAuthorization: true });
  await owner.addSpace(await space.createAuthorization(owner));
  await owner.setCurrentSpace(space.did());
  await context.provisionsStorage.put({ provider: context.connection.id.did(), account: owner.agent.did(), consumer: space.did() });
  const agent = await Signer.generate();
  const proof = await owner.createDelegation(agent, ['space/blob/add', 'space/index/add', 'filecoin/offer', 'upload/add'], { expiration: Infinity });
  writeFileSync(join(folder, 'key'), Signer.format(agent));
  const archive = await proof.archive();
  const { base64 } = await load('multiformats', './bases/base64');
  const { CID } = await load('multiformats', './cid');
  const { identity } = await load('multiformats', './hashes/identity');
  writeFileSync(join(folder, 'proof'), CID.createV1(0x0202, identity.digest(archive.ok)).toString(base64));

  const program = spawn(process.execPath, [join(dirname(fileURLToPath(import.meta.url)), 'upload.mjs'), '--public', '--key', join(folder, 'key'),
    '--proof', join(folder, 'proof'), '--service', url, '--id', context.id.did(), '--receipts', `${url}/receipt/`], { stdio: ['pipe', 'pipe', 'inherit'] });
  program.stdin.end(car);
  let text = '';
  for await (const chunk of program.stdout) text += chunk;
  const { root, stored } = JSON.parse(text);
  const { parseLink } = await load('@ucanto/core');
  const isKnown = await context.uploadTable.exists(space.did(), parseLink(root));
  const sha256 = createHash('sha256').update(car).digest();
  const shard = CID.parse(stored[0].cid);
  const isStored = await context.registry.find(space.did(), shard.multihash);
  const bytes = isKnown.ok && isStored.ok && Buffer.from(shard.multihash.digest).equals(sha256) && stored[0].size === car.length;
  console.log(bytes ? `uploaded ${root}` : `not uploaded ${JSON.stringify({ isKnown, isStored: !!isStored.ok, stored })}`);
  exit = bytes ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  server.close();
  await cleanupContext(context);
}
process.exit(exit);
