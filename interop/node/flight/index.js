// Arrow record batches by content address from `arrowcid serve`, over Arrow Flight: @grpc/grpc-js and apache-arrow.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { tableFromIPC, tableToIPC } from 'apache-arrow';
import { cidOf, messagesOf, streamOf, told } from './ipc.js';
import { openLocal } from './local.js';

export { cidOf };

const HERE = path.dirname(fileURLToPath(import.meta.url));
const NO_LIMIT = 2 ** 31 - 1;
const AGAIN_MILLISECONDS = 200;
const WHERE_MILLISECONDS = 5000;

/** What came does not hash to the CID that was asked for. */
export class Mismatch extends Error {
  constructor(cid, found) {
    super(`what came is ${found}, not ${cid}`);
    this.name = 'Mismatch';
    Object.assign(this, { cid, found });
  }
}

/** Connects to `grpc://HOST:PORT` or `grpc+tls://HOST:PORT`. */
export function connect(address, options = {}) {
  return new Client(address, options);
}

class Client {
  #rpc;
  #metadata = new grpc.Metadata();
  #timeout;
  #local;

  constructor(address, { token, timeout = 60_000, rootCertificates, certificateChain, privateKey, local = true }) {
    const url = /^grpc(\+tls|\+tcp)?:\/\/(.+)$/.exec(address);
    if (!url) throw new TypeError(`'${address}' is no address: grpc://HOST:PORT or grpc+tls://HOST:PORT`);
    const credentials = url[1] === '+tls'
      ? grpc.credentials.createSsl(rootCertificates ?? null, privateKey ?? null, certificateChain ?? null)
      : grpc.credentials.createInsecure();
    this.#rpc = new (service())(url[2], credentials,
      { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
    this.#timeout = timeout;
    if (!local) this.#local = Promise.resolve(null);
    if (token) this.#metadata.set('authorization', `Bearer ${token}`);
    // Whole blocks, so that they can be proved: the server cuts batches for grpc-js otherwise.
    this.#metadata.set('arrowcid-max-message-bytes', `${NO_LIMIT}`);
  }

  /** Ends the connection. What was read in place stays readable. */
  close() {
    const local = this.#local;
    this.#local = Promise.resolve(null);
    local?.then((store) => store?.close());
    this.#rpc.close();
  }

  /** The server's store, opened for reading, where it is on this machine and the package arrowcid is installed; else null. */
  localStore() {
    this.#local ??= this.#where().then(openLocal, () => null);
    return this.#local;
  }

  /** Whether batches are read in the server's own store, without a copy. */
  async isLocal() {
    return (await this.localStore()) !== null;
  }

  /** A block's bytes, proved: an Arrow IPC stream. Those of a store on this machine are only to be read. */
  async getBytes(cid, { verify = true } = {}) {
    const local = await this.#getLocal(cid);
    if (local) return local;
    const messages = [];
    for await (const data of this.#rpc.DoGet({ ticket: Buffer.from(cid) }, this.#metadata, this.#deadline())) {
      messages.push(messageOf(data));
    }
    return proved(streamOf(messages), cid, verify);
  }

  /** The batch that has a CID, proved, as a table. */
  async get(cid, options) {
    return tableFromIPC(await this.getBytes(cid, options));
  }

  /** Blocks of one schema in the order of their CIDs, in one exchange; of a store on this machine where it has all. */
  async *getMany(cids, { verify = true } = {}) {
    const local = await this.#getManyLocal(cids);
    if (local) {
      for (const [at, bytes] of local.entries()) yield { cid: cids[at], table: tableFromIPC(bytes), bytes };
      return;
    }
    const call = this.#rpc.DoExchange(this.#metadata, this.#deadline());
    call.write({ flightDescriptor: { type: 'PATH', path: ['get'] }, appMetadata: Buffer.from(cids.join(' ')) });
    call.end();
    let schema;
    const dictionaries = new Map();
    for await (const data of call) {
      const mark = data.appMetadata?.toString() ?? '';
      if (!data.dataHeader?.length) {
        if (mark) throw Object.assign(new Error(mark), { code: grpc.status.NOT_FOUND });
        continue;
      }
      const message = messageOf(data);
      if (message.kind === 'schema') schema = message;
      else if (message.kind === 'dictionary') dictionaries.set(message.dictionary, message);
      else {
        const known = [...dictionaries].sort(([one], [other]) => one - other).map(([, dictionary]) => dictionary);
        const bytes = proved(streamOf([schema, ...known, message]), mark, verify);
        yield { cid: mark, table: tableFromIPC(bytes), bytes };
      }
    }
  }

  /** The batches of a name or of several CIDs as a table: some columns, or some rows of the whole. They are not verified. */
  async read(request) {
    const messages = [];
    const ticket = Buffer.from(JSON.stringify(request));
    for await (const data of this.#rpc.DoGet({ ticket }, this.#metadata, this.#deadline())) messages.push(messageOf(data));
    return tableFromIPC(streamOf(messages));
  }

  /** Rows, bytes and endpoints of a batch or a dataset. */
  async info(cidOrName) {
    return this.#unary('GetFlightInfo', { type: 'PATH', path: [cidOrName] });
  }

  /** The same as a poll, which is complete at once. */
  async poll(cidOrName) {
    return this.#unary('PollFlightInfo', { type: 'PATH', path: [cidOrName] });
  }

  /** The schema of a batch or a dataset. */
  async schema(cidOrName) {
    const { schema } = await this.#unary('GetSchema', { type: 'PATH', path: [cidOrName] });
    return tableFromIPC(schema).schema;
  }

  /** Puts a table, or the bytes of an IPC stream or file: a block for each batch, and an ack for each. */
  async put(table, { json, ...how } = {}) {
    const bytes = table instanceof Uint8Array ? table : tableToIPC(table, 'stream');
    const call = this.#rpc.DoPut(this.#metadata, this.#deadline());
    const acks = [];
    const ended = (async () => {
      for await (const { appMetadata } of call) acks.push(ackOf(JSON.parse(appMetadata.toString())));
    })();
    // Where the server refuses while we write, the reason is the stream's; the wait below hears of it.
    ended.catch(() => {});
    const command = { ...how, ...(json === undefined ? {} : { json: JSON.stringify(json) }) };
    let flightDescriptor = { type: 'CMD', cmd: Buffer.from(JSON.stringify(command)) };
    try {
      for (const { header, body } of messagesOf(bytes)) {
        const hasRoom = call.write({ flightDescriptor, dataHeader: header, dataBody: body });
        flightDescriptor = undefined;
        if (!hasRoom) await Promise.race([new Promise((done) => call.once('drain', done)), ended]);
      }
      call.end();
    } catch (error) {
      call.cancel();
      throw error;
    }
    await ended;
    return acks;
  }

  /** Batches that pass a filter, the newest first, 1,000 unless told. */
  async *list({ filter = '', limit = 0 } = {}) {
    const expression = Buffer.from(JSON.stringify({ filter, limit }));
    for await (const info of this.#rpc.ListFlights({ expression }, this.#metadata, this.#deadline())) {
      const known = info.appMetadata?.length ? JSON.parse(info.appMetadata.toString()) : {};
      const cid = info.flightDescriptor.path[0];
      yield { cid, rows: Number(info.totalRecords), bytes: Number(info.totalBytes), known };
    }
  }

  /** The registry as a table. */
  async catalog(filter = '') {
    return this.read({ catalog: true, filter });
  }

  /** What is put, as it is put, without end; asks again from where it was when the server goes away. */
  async *watch({ since = 'now', filter = '', names, puts = true, heartbeatSeconds = 15, patience = 60_000, signal, onReady } = {}) {
    let at = since, gone;
    while (!signal?.aborted) {
      const ticket = Buffer.from(JSON.stringify({
        watch: true, from: at, filter, heartbeatSeconds, names, withoutPuts: puts ? undefined : true,
      }));
      const call = this.#rpc.DoGet({ ticket }, this.#metadata);
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        let schema;
        for await (const data of call) {
          gone = undefined;
          const message = messageOf(data);
          if (message.kind === 'schema') {
            schema = message;
            continue;
          }
          for (const row of tableFromIPC(streamOf([schema, message])).toArray()) {
            at = row.cursor;
            yield eventOf(row);
          }
          at = data.appMetadata.toString();
          onReady?.(at);
          onReady = undefined;
        }
        return;
      } catch (error) {
        if (signal?.aborted) return;
        gone ??= Date.now();
        if (error.code !== grpc.status.UNAVAILABLE || Date.now() - gone > patience) throw error;
        await after(AGAIN_MILLISECONDS);
      } finally {
        signal?.removeEventListener('abort', cancel);
        call.cancel();
      }
    }
  }

  /** The CID that a name points to, or null. */
  async resolve(name, asOf) {
    try {
      return (await this.act('resolve', asOf ? { name, asOf } : { name })).cid;
    } catch (error) {
      if (error.code === grpc.status.NOT_FOUND) return null;
      throw error;
    }
  }

  /** Makes a name point to a CID, or removes it; with `expected` only if it points to that one now. */
  async setName(name, cid, { expected } = {}) {
    return this.act('name', expected === undefined ? { name, cid } : { name, cid, expected });
  }

  async describe(cid) {
    return this.act('describe', { cid });
  }

  async tag(cid, key, value) {
    await this.act('tag', value === undefined ? { cid, key } : { cid, key, value });
  }

  async findMissing(cids) {
    return (await this.act('find-missing', { cids })).missing;
  }

  async pin(cid) {
    await this.act('pin', { cid });
  }

  async unpin(cid) {
    return (await this.act('unpin', { cid })).wasPinned;
  }

  /** Any action of the server by its name. */
  async act(type, body = {}) {
    const request = { type, body: Buffer.from(JSON.stringify(body)) };
    for await (const result of this.#rpc.DoAction(request, this.#metadata, this.#deadline())) {
      return result.body.length ? JSON.parse(result.body.toString()) : {};
    }
    return {};
  }

  /** The server's actions, and what each does. */
  async actions() {
    const found = {};
    for await (const { type, description } of this.#rpc.ListActions({}, this.#metadata, this.#deadline())) {
      found[type] = description;
    }
    return found;
  }

  /** Shows the token by Flight's handshake; what comes back is the token for `authorization`. */
  async handshake() {
    const call = this.#rpc.Handshake(this.#metadata, this.#deadline());
    const token = new Promise((resolve, reject) => {
      let found;
      const look = (metadata) => { found ??= metadata.get('authorization')[0]; };
      // An answer without messages has it among its trailers.
      call.on('metadata', look).on('data', () => {}).on('error', reject).on('status', ({ metadata }) => {
        look(metadata);
        resolve(found ?? null);
      });
    });
    call.end();
    return token;
  }

  async #where() {
    const call = this.#rpc.DoAction({ type: 'where' }, this.#metadata, { deadline: Date.now() + WHERE_MILLISECONDS });
    for await (const { body } of call) return JSON.parse(body.toString());
    return {};
  }

  /** The bytes of a batch in the mapped store, or null where they cannot be read there: then the server is asked. */
  async #getLocal(cid) {
    const store = await this.localStore();
    try {
      const lease = store?.get(cid);
      return lease?.block.kind === 'batch' ? lease.bytes : null;
    } catch {
      return null;
    }
  }

  /** The bytes of batches of one schema, or null where the server is to be asked. */
  async #getManyLocal(cids) {
    const store = await this.localStore();
    if (!store) return null;
    const found = [];
    let schema;
    for (const cid of cids) {
      const bytes = await this.#getLocal(cid);
      if (!bytes) return null;
      const { value } = messagesOf(bytes).next();
      if (schema && Buffer.compare(schema, value.header) !== 0) return null;
      schema ??= value.header;
      found.push(bytes);
    }
    return found;
  }

  #unary(method, request) {
    return new Promise((resolve, reject) => this.#rpc[method](request, this.#metadata, this.#deadline(),
      (error, value) => (error ? reject(error) : resolve(value))));
  }

  #deadline() {
    return this.#timeout ? { deadline: Date.now() + this.#timeout } : {};
  }
}

function service() {
  const own = path.join(HERE, 'Flight.proto');
  const proto = fs.existsSync(own) ? own : path.join(HERE, '..', '..', '..', 'proto', 'Flight.proto');
  return grpc.loadPackageDefinition(loader.loadSync(proto, { bytes: Buffer, enums: String })).arrow.flight.protocol.FlightService;
}

function messageOf({ dataHeader, dataBody }) {
  const { kind, dictionary } = told(dataHeader);
  return { header: dataHeader, body: dataBody ?? new Uint8Array(0), kind, dictionary };
}

function proved(bytes, cid, verify) {
  const found = verify ? cidOf(bytes) : cid;
  if (found !== cid) throw new Mismatch(cid, found);
  return bytes;
}

function ackOf({ cid = '', rows = 0, bytes = 0, isNew = false, index = 0, schemaCid = '', isStream = false, name = '', skipped = 0,
  isRepaired = false }) {
  return { cid, rows, bytes, isNew, index, schemaCid, isStream, name, skipped, isRepaired };
}

function eventOf({ kind, cid, rows, bytes, facts, gap, cursor, name, oldCid }) {
  return {
    ...kind === 'name' ? { name, oldCid } : {},
    kind, cid, rows: Number(rows), bytes: Number(bytes), facts: facts && JSON.parse(facts), gap: gap && JSON.parse(gap), cursor,
  };
}
