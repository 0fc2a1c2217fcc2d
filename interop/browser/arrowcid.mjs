// Fetches Arrow record batches by CID from `arrowcid serve`, or from any trustless gateway of IPFS, and proves them with
// WebCrypto before anybody sees them. For browsers, and for Node.js 20 and later; nothing else is needed.
//
//   const batch = await fetchBlock('http://127.0.0.1:8816', 'bafkrei…');   // throws where a byte is not what it was
//   const table = tableFromIPC(batch);                                     // of apache-arrow

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const RAW = 0x55, SHA2_256 = 0x12, DIGEST_BYTES = 32;

/** What went wrong: `code` is `cid`, `fetch`, `size`, `hash` or `crypto` (the browser has no WebCrypto for this page). */
export class CidError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'CidError';
    this.code = code;
  }
}

/** The digest in a CID of version 1, codec raw and SHA-256 in base32, as ArrowCid writes it. */
export function parseCid(text) {
  if (!/^b[a-z2-7]{58}$/.test(text)) throw new CidError('cid', `'${text}' is no CID of a block: bafkrei…`);
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
  if (version !== 1 || codec !== RAW || hash !== SHA2_256 || length !== DIGEST_BYTES || value !== 0) {
    throw new CidError('cid', `'${text}' is not of version 1, raw and SHA-256`);
  }
  return Uint8Array.from(digest);
}

async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) {
    throw new CidError('crypto', 'this page cannot hash: WebCrypto is for pages by https: and for those of this machine');
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** The CID of a block's bytes. */
export async function cidOf(bytes) {
  const digest = await sha256(bytes);
  let text = 'b', bits = 0, value = 0;
  for (const byte of [1, RAW, SHA2_256, DIGEST_BYTES, ...digest]) {
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
  const digest = parseCid(cid);
  const headers = { accept: 'application/vnd.ipld.raw' };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(new URL(`/ipfs/${cid}?format=raw`, server), { headers, signal });
  if (!answer.ok) throw new CidError('fetch', `${answer.status}: ${(await answer.text()).trim()}`);
  const bytes = await readAtMost(answer, maxBytes, onProgress);
  const found = await sha256(bytes);
  if (found.length !== digest.length || found.some((byte, i) => byte !== digest[i])) {
    throw new CidError('hash', `the bytes that came are ${await cidOf(bytes)}, not ${cid}`);
  }
  return bytes;
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
