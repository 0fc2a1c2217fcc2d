import type { Schema, Table } from 'apache-arrow';

/** The CID of a block's bytes. */
export function cidOf(bytes: Uint8Array): string;

/** What came does not hash to the CID that was asked for. */
export class Mismatch extends Error {
  readonly cid: string;
  readonly found: string;
}

export interface ConnectOptions {
  /** What the server knows the caller by; without one a server on this machine gives batches by CID alone. */
  token?: string;
  /** Milliseconds that a call may take, watches apart; 0 is no limit. Default 60,000. */
  timeout?: number;
  /** PEM, for `grpc+tls:`. */
  rootCertificates?: Buffer;
  certificateChain?: Buffer;
  privateKey?: Buffer;
  /** False never reads the server's store in place. Default true. */
  local?: boolean;
}

/** Connects to `grpc://HOST:PORT` or `grpc+tls://HOST:PORT`; nothing is sent before the first call. */
export function connect(address: string, options?: ConnectOptions): Client;

export interface Verify {
  /** False believes the server. Default true. */
  verify?: boolean;
}

/** The result of a batch that was put, or (`isStream`, last) of the whole stream. */
export interface Ack {
  cid: string;
  rows: number;
  bytes: number;
  isNew: boolean;
  index: number;
  schemaCid: string;
  isStream: boolean;
  name: string;
  /** Acks that were left out before this one, since they were not read. */
  skipped: number;
  /** Whether the store had the block with damaged bytes, which this put replaced. */
  isRepaired: boolean;
}

/** How a put is to be kept. */
export interface PutOptions {
  name?: string;
  tags?: Record<string, string>;
  producer?: string;
  /** Any JSON. */
  json?: unknown;
  pin?: boolean;
  dataset?: boolean;
  /** Nothing is put where the only batch has another CID. */
  expectedCid?: string;
  cutRows?: number;
  cutBytes?: number;
  cutMilliseconds?: number;
}

export interface ReadRequest {
  name?: string;
  cids?: string[];
  columns?: string[];
  firstRow?: number;
  rows?: number;
}

export interface Entry {
  cid: string;
  rows: number;
  bytes: number;
  /** All that the server said of it. */
  known: Record<string, unknown>;
}

/**
 * A put that was heard, or of kind `name` a change of a name, which points to `cid` since. A watch that begins at `cursor`
 * hears what came after it.
 */
export interface StoreEvent {
  kind: 'new' | 'again' | 'gap' | 'name';
  cid: string | null;
  rows: number;
  bytes: number;
  facts: Record<string, unknown> | null;
  gap: Record<string, unknown> | null;
  cursor: string;
  /** Of kind `name`: the name that changed, and the block that it pointed to before. */
  name?: string;
  oldCid?: string | null;
}

export interface WatchOptions {
  /** `now`, `oldest`, or an event's cursor. Default `now`. */
  since?: string;
  filter?: string;
  /** A pattern of names whose changes are told too. */
  names?: string;
  /** Whether puts are told. Default true. */
  puts?: boolean;
  heartbeatSeconds?: number;
  /** Milliseconds for which a server that went away is asked again. Default 60,000. */
  patience?: number;
  signal?: AbortSignal;
  /** Hears the first cursor, once whatever is put will be heard. */
  onReady?: (cursor: string) => void;
}

/** Errors are those of @grpc/grpc-js, with `code` as in `grpc.status`. */
export interface Client {
  /** Ends the connection. What was read in place stays readable. */
  close(): void;
  /**
   * The server's store (a `Store` of the package arrowcid), open for reading, where the server is on this machine; null on
   * another machine, in a container with other files, without that package or without the right to read the files.
   */
  localStore(): Promise<any>;
  /** Whether batches are read in the server's own store, without a copy. Their bytes are then only to be read. */
  isLocal(): Promise<boolean>;
  get(cid: string, options?: Verify): Promise<Table>;
  getBytes(cid: string, options?: Verify): Promise<Uint8Array>;
  getMany(cids: string[], options?: Verify): AsyncGenerator<{ cid: string; table: Table; bytes: Uint8Array }>;
  read(request: ReadRequest): Promise<Table>;
  info(cidOrName: string): Promise<Record<string, unknown>>;
  poll(cidOrName: string): Promise<Record<string, unknown>>;
  schema(cidOrName: string): Promise<Schema>;
  put(table: Table | Uint8Array, options?: PutOptions): Promise<Ack[]>;
  list(options?: { filter?: string; limit?: number }): AsyncGenerator<Entry>;
  catalog(filter?: string): Promise<Table>;
  watch(options?: WatchOptions): AsyncGenerator<StoreEvent>;
  resolve(name: string, asOf?: string): Promise<string | null>;
  setName(name: string, cid: string | null, options?: { expected?: string | null }): Promise<Record<string, unknown>>;
  describe(cid: string): Promise<Record<string, unknown>>;
  tag(cid: string, key: string, value?: string): Promise<void>;
  findMissing(cids: string[]): Promise<string[]>;
  pin(cid: string): Promise<void>;
  unpin(cid: string): Promise<boolean>;
  act(type: string, body?: unknown): Promise<Record<string, unknown>>;
  actions(): Promise<Record<string, string>>;
  handshake(): Promise<string | null>;
}
