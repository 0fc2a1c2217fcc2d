// Signed statements of ArrowCid (src/ArrowCid/Signing/SIGNING.md), verified with WebCrypto: in a browser, or in Node.js.
// A page needs a secure context (https, or localhost) for WebCrypto.

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const PREFIX = [0xd2, 0x84, 0x58, 0x27, 0xa2, 0x01, 0x26, 0x04, 0x58, 0x21];
const MIDDLE = [0xa0, 0xf6, 0x58, 0x40];
const KEYS = ['v', 'key', 'kind', 'name', 'says', 'time', 'subject', 'previous'];

const numberOf = (bytes) => bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
const bytesOf = (number) => Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * (31 - i))) & 0xffn));
const isEqual = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);

function power(base, exponent) {
  let result = 1n;
  for (let at = base % P; exponent > 0n; exponent >>= 1n, at = at * at % P) {
    if (exponent & 1n) result = result * at % P;
  }
  return result;
}

/** The compressed point of the id of a key, p256:… */
export function keyBytes(id) {
  if (!/^p256:[a-z2-7]{53}$/.test(id)) throw new Error(`${id} is no key of P-256`);
  let bits = 0n;
  for (const letter of id.slice(5)) bits = (bits << 5n) | BigInt(ALPHABET.indexOf(letter));
  if (bits & 1n) throw new Error(`${id} is not written in its one form`);
  bits >>= 1n;
  return Uint8Array.from({ length: 33 }, (_, i) => Number((bits >> BigInt(8 * (32 - i))) & 0xffn));
}

async function importKey(point) {
  const x = numberOf(point.subarray(1));
  const square = (x * x * x - 3n * x + B) % P;
  const positive = square < 0n ? square + P : square;
  let y = power(positive, (P + 1n) / 4n);
  if ((point[0] !== 2 && point[0] !== 3) || x >= P || y * y % P !== positive) throw new Error('a key that is no point of P-256');
  if ((y & 1n) !== BigInt(point[0] & 1)) y = P - y;
  return crypto.subtle.importKey('raw', Uint8Array.from([4, ...bytesOf(x), ...bytesOf(y)]),
    { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
}

// dag-cbor, of what a statement may hold: texts, bytes, whole numbers, null, and maps of texts, in their one form.
function read(block) {
  let at = 0;
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const take = (count) => {
    if (count > block.length - at) throw new Error('the statement ends too early');
    at += count;
    return block.subarray(at - count, at);
  };
  const head = () => {
    const first = take(1)[0];
    const low = first & 31;
    if (low < 24) return [first >> 5, low];
    if (low > 27) throw new Error('a length of another form');
    const value = take(1 << (low - 24)).reduce((number, byte) => number * 256 + byte, 0);
    if (value < [24, 256, 65536, 4294967296][low - 24]) throw new Error('a length that is not in its shortest form');
    return [first >> 5, value];
  };
  const value = (depth) => {
    const [major, argument] = head();
    if (major === 0 && Number.isSafeInteger(argument)) return argument;
    if (major === 2) return take(argument).slice();
    if (major === 3) return text.decode(take(argument));
    if (major === 7 && argument === 22) return null;
    if (major !== 5 || depth > 1) throw new Error('a value that a statement does not have');
    const found = new Map();
    let last = null;
    for (let i = 0; i < argument; i++) {
      const start = at;
      const key = value(2);
      const bytes = block.subarray(start, at);
      const isAfter = last === null || bytes.length > last.length ||
        (bytes.length === last.length && bytes.some((byte, j) => byte > last[j] && last.subarray(0, j).every((b, k) => b === bytes[k])));
      if (typeof key !== 'string' || !isAfter) throw new Error('keys that are not sorted');
      last = bytes;
      found.set(key, value(depth + 1));
    }
    return found;
  };
  const whole = value(0);
  if (at !== block.length) throw new Error('bytes after the statement');
  return whole;
}

/** Reads a statement without a look at its signature: an object of key, subject, name, previous, time and says. */
export function readStatement(block) {
  const found = read(block);
  if (!(found instanceof Map) || found.size !== KEYS.length || !KEYS.every((key) => found.has(key)) ||
      found.get('kind') !== 'arrowcid/statement' || found.get('v') !== 1) throw new Error('no statement');
  const { key, subject, name, previous, time, says } = Object.fromEntries(found);
  const isRight = typeof key === 'string' && subject instanceof Uint8Array && (name === null || typeof name === 'string') &&
    (previous === null || (previous instanceof Uint8Array && name !== null)) && typeof time === 'number' &&
    says instanceof Map && [...says.values()].every((word) => typeof word === 'string');
  if (!isRight) throw new Error('a statement with a value of another kind');
  return { key, subject, name, previous, time: new Date(time), says: Object.fromEntries(says) };
}

/** Verifies a detached COSE_Sign1 of ES256 with a low s over bytes, by the key with a compressed point. */
export async function verifyCose(payload, signature, point) {
  const isOurs = signature.length === 111 && isEqual(signature.subarray(0, 10), PREFIX) &&
    isEqual(signature.subarray(10, 43), point) && isEqual(signature.subarray(43, 47), MIDDLE);
  if (!isOurs || numberOf(signature.subarray(79)) > N / 2n) return false;
  const length = payload.length;
  const head = length < 24 ? [0x40 | length] : length < 256 ? [0x58, length]
    : length < 65536 ? [0x59, length >> 8, length & 255]
    : [0x5a, ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 255)];
  const context = [0x84, 0x6a, ...new TextEncoder().encode('Signature1'), ...signature.subarray(2, 43), 0x40, ...head];
  const signed = new Uint8Array(context.length + length);
  signed.set(context);
  signed.set(payload, context.length);
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, await importKey(point), signature.slice(47), signed);
}

/** Verifies a statement: what it says, where its signature holds; it throws where it does not. */
export async function verifyStatement(block, signature) {
  const said = readStatement(block);
  if (!await verifyCose(block, signature, keyBytes(said.key))) throw new Error(`the signature by ${said.key} does not hold`);
  return said;
}
