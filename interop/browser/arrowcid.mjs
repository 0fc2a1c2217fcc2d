// Fetches Arrow record batches by CID from `arrowcid serve`, or from any trustless gateway of IPFS, and proves them with
// WebCrypto before anybody sees them. For browsers, and for Node.js 20 and later; nothing else is needed.
//
//   const batch = await fetchBlock('http://127.0.0.1:8816', 'bafkrei…');   // throws where a byte is not what it was
//   const table = tableFromIPC(batch);                                     // of apache-arrow
//   const dataset = await fetchDataset('http://127.0.0.1:8816', 'bafyrei…'); // its batches' CIDs, to fetch one by one

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const RAW = 0x55, DAG_CBOR = 0x71, SHA2_256 = 0x12, DIGEST_BYTES = 32;

/** What went wrong: `code` is `cid`, `fetch`, `size`, `hash` or `crypto` (the browser has no WebCrypto for this page). */
export class CidError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'CidError';
    this.code = code;
  }
}

/** The codec and digest in a CID of version 1 and SHA-256 in base32, of codec raw (bafkrei…) or dag-cbor (bafyrei…). */
export function readCid(text) {
  if (!/^b[a-z2-7]{58}$/.test(text)) throw new CidError('cid', `'${text}' is no CID of a block: bafkrei… or bafyrei…`);
  const bytes = [];
  let bits = 0, value = 0;
  for (const character of text.slice(1)) {
    value = (value << 5) | ALPHABET.indexOf(character);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
      value &= (1 << bits) - 1;
    }
  }
  const [version, codec, hash, length, ...digest] = bytes;
  const isKnown = codec === RAW || codec === DAG_CBOR;
  if (version !== 1 || !isKnown || hash !== SHA2_256 || length !== DIGEST_BYTES || value !== 0) {
    throw new CidError('cid', `'${text}' is not of version 1, raw or dag-cbor, and SHA-256`);
  }
  return { codec, digest: Uint8Array.from(digest) };
}

/** The digest in a CID of codec raw, as batches have it. */
export function parseCid(text) {
  const { codec, digest } = readCid(text);
  if (codec !== RAW) throw new CidError('cid', `'${text}' is not a batch's CID but a dataset's: fetchDataset`);
  return digest;
}

/** Whether a CID can be that of a dataset. */
export function isDatasetCid(text) {
  return readCid(text).codec === DAG_CBOR;
}

async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) {
    throw new CidError('crypto', 'this page cannot hash: WebCrypto is for pages by https: and for those of this machine');
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** The CID of a block's bytes. */
export async function cidOf(bytes, codec = RAW) {
  return cidText([1, codec, SHA2_256, DIGEST_BYTES, ...await sha256(bytes)]);
}

function cidText(binary) {
  let text = 'b', bits = 0, value = 0;
  for (const byte of binary) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >> bits) & 31];
      value &= (1 << bits) - 1;
    }
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

/**
 * Fetches a block and proves it.
 * @param {string} server The server's URL.
 * @param {string} cid The block's CID.
 * @param {{token?: string, maxBytes?: number, signal?: AbortSignal, onProgress?: (bytes: number) => void}} [options]
 *   At most 256 MiB are taken by default. `onProgress` hears how many bytes have come.
 * @returns {Promise<Uint8Array>} Bytes that hash to the CID: a whole Arrow IPC stream.
 */
export async function fetchBlock(server, cid, { token, maxBytes = 256 << 20, signal, onProgress } = {}) {
  const { codec, digest } = readCid(cid);
  const headers = { accept: 'application/vnd.ipld.raw' };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(new URL(`/ipfs/${cid}?format=raw`, server), { headers, signal });
  if (!answer.ok) throw new CidError('fetch', `${answer.status}: ${(await answer.text()).trim()}`);
  const bytes = await readAtMost(answer, maxBytes, onProgress);
  const found = await sha256(bytes);
  if (found.length !== digest.length || found.some((byte, i) => byte !== digest[i])) {
    throw new CidError('hash', `the bytes that came are ${await cidOf(bytes, codec)}, not ${cid}`);
  }
  return bytes;
}

/**
 * Fetches a dataset and proves it: its node, and the pages of a large one.
 * @param {string} server The server's URL.
 * @param {string} cid The dataset's CID.
 * @param {object} [options] As for fetchBlock.
 * @returns {Promise<{cid: string, schema: string, rows: number, bytes: number, meta: Record<string, string>,
 *   batches: {cid: string, rows: number, bytes: number}[]}>} Its batches in order, to be fetched one by one.
 */
export async function fetchDataset(server, cid, options = {}) {
  const node = decode(await fetchBlock(server, cid, options));
  if (node?.v !== 1 || node.kind !== 'arrowcid/dataset') throw new CidError('kind', `${cid} is not a dataset`);
  const lists = [node.batches ?? []];
  for (const page of node.pages ?? []) lists.push(decode(await fetchBlock(server, page.link, options)).batches);
  const batches = lists.flat().map(({ cid: link, rows, bytes }) => ({ cid: link.link ?? cidText(link), rows, bytes }));
  return { cid, schema: node.schema.link, rows: node.rows, bytes: node.bytes, meta: { ...node.meta }, batches };
}

/** The CID that a name points to: the server's word, which is not proved. */
export async function resolveName(server, name, { token, signal } = {}) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const answer = await fetch(new URL(`/v1/names/${encodeURIComponent(name)}`, server), { headers, signal });
  if (!answer.ok) throw new CidError('fetch', `${answer.status}: ${(await answer.text()).trim()}`);
  return (await answer.json()).cid;
}

/** A value of dag-cbor: maps without a prototype, a link as { link: CID }, bytes as an array of them. */
function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuse = () => { throw new CidError('kind', 'a node that is not dag-cbor of this library'); };
  let at = 0;
  const value = read(0);
  return at === bytes.length ? value : refuse();

  function read(depth) {
    if (depth > 32 || at >= bytes.length) refuse();
    const head = bytes[at++], major = head >> 5;
    if (major === 7) return head === 0xf6 ? null : head === 0xf4 ? false : head === 0xf5 ? true : refuse();
    const argument = number(head & 31);
    switch (major) {
      case 0: return argument;
      case 1: return -1 - argument;
      case 2: return take(argument);
      case 3: return new TextDecoder('utf-8', { fatal: true }).decode(take(argument));
      case 4: return Array.from({ length: checked(argument) }, () => read(depth + 1));
      case 5: {
        const map = Object.create(null);
        for (let left = checked(argument); left > 0; left--) {
          const key = read(depth + 1);
          map[key] = read(depth + 1);
        }
        return map;
      }
      default: {
        const link = argument === 42 ? read(depth + 1) : refuse();
        return link?.[0] === 0 ? { link: cidText(link.subarray(1)) } : refuse();
      }
    }
  }

  function number(info) {
    if (info < 24) return info;
    const size = info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : info === 27 ? 8 : refuse();
    if (at + size > bytes.length) refuse();
    const start = at;
    at += size;
    if (size === 1) return view.getUint8(start);
    if (size === 2) return view.getUint16(start);
    return size === 4 ? view.getUint32(start) : Number(view.getBigUint64(start));
  }

  function take(length) {
    if (length > bytes.length - at) refuse();
    at += length;
    return bytes.subarray(at - length, at);
  }

  // An item has a byte at least.
  function checked(count) {
    return count <= bytes.length - at ? count : refuse();
  }
}

async function readAtMost(answer, most, onProgress) {
  const parts = [];
  let length = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new CidError('size', `the block has more than ${most} bytes`);
    }
    parts.push(value);
    onProgress?.(length);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
