// A participant of @waku/sds in one channel: node participant.mjs ID CHANNEL. It takes a command per line of standard input
// and answers with a line, both JSON; bytes are hexadecimal. Its first line is "ready".
//
//   {"do":"send","text":T}       a message: {"id","bytes"}
//   {"do":"receive","bytes":B}   {}
//   {"do":"sync"}                a sync message: {"bytes"}, null where there is nothing to tell
//   {"do":"answers"}             messages that others asked for: {"bytes":[…]}
//   {"do":"state"}               {"delivered","acknowledged","possible","missing","waiting"}: ids in the order of the events
//   {"do":"filter","ids":[…]}    a filter of these ids: {"bytes"}
//   {"do":"time","count":N}      the mean time in ns of N messages of 8 bytes, none acknowledged: {"wrap","receive","length"}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const peers = process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers';
const entry = join(peers, 'sds', 'node_modules', '@waku', 'sds', 'dist', 'index.js');
if (!existsSync(entry)) {
  console.error(`@waku/sds is not in ${join(peers, 'sds')}: run interop/peers/setup`);
  process.exit(2);
}
const { Message, MessageChannel, MessageChannelEvent } = await import(pathToFileURL(entry).href);

const [id, channelId] = process.argv.slice(2);
const hex = bytes => Buffer.from(bytes).toString('hex');
const bytesOf = text => new Uint8Array(Buffer.from(text, 'hex'));
// Requests are due at once.
const options = { repairConfig: { tMin: 0, tMax: 1 } };
const channel = new MessageChannel(channelId, id, options);
const state = { delivered: [], acknowledged: [], possible: [], missing: [] };
const record = (event, list, of) => channel.addEventListener(event, e => list.push(...of(e.detail)));
record(MessageChannelEvent.InMessageDelivered, state.delivered, detail => [detail]);
record(MessageChannelEvent.OutMessageAcknowledged, state.acknowledged, detail => [detail]);
record(MessageChannelEvent.OutMessagePossiblyAcknowledged, state.possible, detail => [detail.messageId]);
record(MessageChannelEvent.InMessageMissing, state.missing, detail => detail.map(each => each.messageId));

async function send(target, payload) {
  let sent;
  target.pushOutgoingMessage(payload, async message => {
    sent = message;
    return { success: true };
  });
  await target.processTasks();
  return sent;
}

async function receive(target, bytes) {
  const message = Message.decode(bytes);
  if (message === undefined) throw new Error('not a message');
  target.pushIncomingMessage(message, undefined);
  await target.processTasks();
  target.sweepIncomingBuffer();
}

const commands = {
  async send({ text }) {
    const message = await send(channel, new TextEncoder().encode(text));
    return { id: message.messageId, bytes: hex(message.encode()) };
  },
  async receive({ bytes }) {
    await receive(channel, bytesOf(bytes));
    return {};
  },
  async sync() {
    let bytes = null;
    await channel.pushOutgoingSyncMessage(async message => {
      bytes = hex(message.encode());
      return true;
    });
    return { bytes };
  },
  async answers() {
    const found = await channel.sweepRepairIncomingBuffer();
    return { bytes: found.map(message => hex(message.encode())) };
  },
  state: async () => ({ ...state, waiting: channel.incomingBuffer.map(message => message.messageId) }),
  async filter({ ids }) {
    const { filter } = new MessageChannel(channelId, id, options);
    for (const each of ids) filter.insert(each);
    return { bytes: hex(filter.toBytes()) };
  },
  async time({ count }) {
    const payload = i => Uint8Array.from({ length: 8 }, (_, at) => (i >> (8 * (at % 4))) & 0xff);
    const encoded = [];
    const sender = new MessageChannel(channelId, 'sender', options);
    let start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) encoded.push((await send(sender, payload(i))).encode());
    const wrap = Number(process.hrtime.bigint() - start) / count;
    const receiver = new MessageChannel(channelId, 'receiver', options);
    start = process.hrtime.bigint();
    for (const bytes of encoded) await receive(receiver, bytes);
    const taken = Number(process.hrtime.bigint() - start) / count;
    return { wrap, receive: taken, length: encoded.reduce((sum, bytes) => sum + bytes.length, 0) / count };
  },
};

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    console.log(JSON.stringify(await commands[command.do](command)));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
