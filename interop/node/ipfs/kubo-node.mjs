// A small server with the part of Kubo's RPC (docs.ipfs.tech/reference/kubo/rpc) that `arrowcid publish` calls, written from its text:
// dag/import, block/put, block/get and pin/ls. It is not Kubo. It listens on a free port until standard input ends:
//
//   node kubo-node.mjs [TOKEN]
//
// Prints its URL, then a line of JSON per request: path, query, and of each part of the body its name, type, length and SHA-256.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { load } from './peers.mjs';

const { CarReader } = await load('@ipld/car');
const dagCbor = await load('@ipld/dag-cbor');
const dagPb = await load('@ipld/dag-pb');
const { CID } = await load('multiformats', './cid');
const { create } = await load('multiformats', './hashes/digest');

const MOST = 2 << 20;
const codecs = { raw: 0x55, 'dag-pb': 0x70, 'dag-cbor': 0x71 };
const token = process.argv[2];
const blocks = new Map(), pins = new Set();
const keyOf = (cid) => Buffer.from(cid.multihash.bytes).toString('hex');

const linksOf = (cid, bytes) => {
  if (cid.code === codecs['dag-pb']) return dagPb.decode(bytes).Links.map((link) => link.Hash);
  if (cid.code !== codecs['dag-cbor']) return [];
  const links = [];
  const walk = (value) => {
    const cid = CID.asCID(value);
    if (cid) links.push(cid);
    else if (value && typeof value === 'object' && !(value instanceof Uint8Array)) Object.values(value).forEach(walk);
  };
  walk(dagCbor.decode(bytes));
  return links;
};

// Pins with everything beneath it, or says what is missing.
const pin = (root) => {
  const open = [root], seen = new Set();
  while (open.length > 0) {
    const cid = open.pop(), key = keyOf(cid);
    if (seen.has(key)) continue;
    seen.add(key);
    if (!blocks.has(key)) return `block was not found locally (offline): ipld: could not find ${cid}`;
    open.push(...linksOf(cid, blocks.get(key)));
  }
  pins.add(root.toV1().toString());
  return '';
};

const store = (cid, bytes, query) => {
  if (bytes.length > MOST && query.get('allow-big-block') !== 'true') throw new Error(`produced block is over 2MiB: big blocks can't be exchanged with other peers`);
  const digest = createHash('sha256').update(bytes).digest();
  if (cid.multihash.code !== 0x12 || !digest.equals(Buffer.from(cid.multihash.digest))) throw new Error(`mismatch in content integrity, ${cid}`);
  blocks.set(keyOf(cid), bytes);
};

const partsOf = (request, body) => {
  const boundary = /boundary="?([^";]+)"?/.exec(request.headers['content-type'] ?? '')?.[1];
  if (!boundary) return [];
  const mark = Buffer.from(`\r\n--${boundary}`), all = Buffer.concat([Buffer.from('\r\n'), body]), parts = [];
  for (let at = all.indexOf(mark); at >= 0;) {
    const next = all.indexOf(mark, at + mark.length);
    if (next < 0) break;
    const part = all.subarray(at + mark.length + 2, next), end = part.indexOf('\r\n\r\n');
    const headers = part.subarray(0, end).toString();
    parts.push({
      name: /[^e]name="?([^";\r]+)"?/i.exec(headers)?.[1], type: /content-type: *([^\r\n]+)/i.exec(headers)?.[1], bytes: part.subarray(end + 4),
    });
    at = next;
  }
  return parts;
};

const calls = {
  async 'dag/import'(query, [car]) {
    if (!car) throw new Error("argument 'path' is required");
    const reader = await CarReader.fromBytes(car.bytes);
    let count = 0, size = 0;
    for await (const { cid, bytes } of reader.blocks()) {
      store(cid, bytes, query);
      count++;
      size += bytes.length;
    }
    const lines = [];
    if (query.get('pin-roots') !== 'false') for (const root of await reader.getRoots()) lines.push({ Root: { Cid: { '/': root.toString() }, PinErrorMsg: pin(root) } });
    if (query.get('stats') === 'true') lines.push({ Stats: { BlockCount: count, BlockBytesCount: size } });
    return lines;
  },
  'block/put'(query, [data]) {
    if (!data) throw new Error("argument 'data' is required");
    const code = codecs[query.get('cid-codec') ?? 'raw'];
    if (code === undefined || (query.get('mhtype') ?? 'sha2-256') !== 'sha2-256') throw new Error('unrecognized codec or hash');
    const cid = CID.createV1(code, create(0x12, createHash('sha256').update(data.bytes).digest()));
    store(cid, data.bytes, query);
    if (query.get('pin') === 'true') pin(cid);
    return [{ Key: cid.toString(), Size: data.bytes.length }];
  },
  'block/get'(query) {
    const bytes = blocks.get(keyOf(CID.parse(query.get('arg'))));
    if (!bytes) throw new Error(`ipld: could not find ${query.get('arg')}`);
    return bytes;
  },
  'pin/ls'(query) {
    const asked = query.getAll('arg').map((each) => CID.parse(each.replace('/ipfs/', '')).toV1().toString());
    for (const cid of asked) if (!pins.has(cid)) throw new Error(`path '${cid}' is not pinned`);
    const found = asked.length > 0 ? asked : [...pins];
    if (query.get('stream') === 'true') return found.map((Cid) => ({ Cid, Type: 'recursive' }));
    return [{ Keys: Object.fromEntries(found.map((cid) => [cid, { Type: 'recursive' }])) }];
  },
};

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const url = new URL(request.url, 'http://localhost'), path = url.pathname.replace('/api/v0/', '');
  const parts = partsOf(request, Buffer.concat(chunks));
  console.log(JSON.stringify({
    method: request.method, path, query: Object.fromEntries([...url.searchParams].sort()),
    parts: parts.map(({ name, type, bytes }) => ({ name, type, length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })),
  }));
  if (request.method !== 'POST') return response.writeHead(405, { allow: 'OPTIONS, POST' }).end();
  if (token && request.headers.authorization !== `Bearer ${token}`) return response.writeHead(403).end('Forbidden');
  if (!calls[path]) return response.writeHead(404).end('404 page not found');
  try {
    const answer = await calls[path](url.searchParams, parts);
    if (answer instanceof Uint8Array) return response.end(answer);
    response.setHeader('content-type', 'application/json');
    response.end(answer.map((line) => `${JSON.stringify(line)}\n`).join(''));
  } catch (error) {
    response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ Message: error.message, Code: 0, Type: 'error' }));
  }
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
