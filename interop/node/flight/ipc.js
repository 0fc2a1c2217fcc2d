// The messages of an Arrow IPC stream, and blocks put together from them.

import { createHash } from 'node:crypto';
import { Message, MessageHeader } from 'apache-arrow';

const PREFIX = 8;
const END = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);
const FILE_MAGIC = Buffer.from('ARROW1\0\0');
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** The messages of an IPC stream or file: `{ header, body, kind, dictionary }`. */
export function* messagesOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = FILE_MAGIC.equals(bytes.subarray(0, PREFIX)) ? PREFIX : 0;
  while (at + PREFIX <= bytes.length) {
    if (view.getUint32(at, true) !== 0xffffffff) throw new TypeError(`no Arrow message at byte ${at}`);
    const length = view.getInt32(at + 4, true);
    if (length === 0) return;
    if (length < 0 || at + PREFIX + length > bytes.length) throw new TypeError(`the message at byte ${at} is cut off`);
    const header = bytes.subarray(at + PREFIX, at + PREFIX + length);
    const { kind, bodyLength, dictionary } = told(header);
    at += PREFIX + length;
    if (at + bodyLength > bytes.length) throw new TypeError(`the body at byte ${at} is cut off`);
    yield { header, body: bytes.subarray(at, at + bodyLength), kind, dictionary };
    at += bodyLength;
  }
}

/** The header fields of a message's flatbuffer. */
export function told(header) {
  const message = Message.decode(header);
  return {
    kind: { [MessageHeader.Schema]: 'schema', [MessageHeader.DictionaryBatch]: 'dictionary' }[message.headerType] ?? 'batch',
    bodyLength: Number(message.bodyLength),
    dictionary: message.headerType === MessageHeader.DictionaryBatch ? message.header().id : undefined,
  };
}

/** Messages as an IPC stream. */
export function streamOf(messages) {
  const parts = [];
  for (const { header, body } of messages) {
    const prefix = new Uint8Array(PREFIX).fill(255, 0, 4);
    new DataView(prefix.buffer).setInt32(4, header.length, true);
    parts.push(prefix, header, body);
  }
  return new Uint8Array(Buffer.concat([...parts, END]));
}

/** The CID of a block's bytes. */
export function cidOf(bytes) {
  const digest = createHash('sha256').update(bytes).digest();
  let text = 'b', bits = 0, value = 0;
  for (const byte of [1, 0x55, 0x12, digest.length, ...digest]) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}
