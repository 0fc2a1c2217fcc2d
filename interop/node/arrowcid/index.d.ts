/** A CID as text (`bafkrei…`; any base is read), or anything that writes itself as one. */
export type CidLike = string | { toString(): string };

/** A Table or RecordBatch of apache-arrow, 15 or later; described by its shape, for users without that package. */
export interface ArrowTable {
  readonly schema: { readonly fields: readonly unknown[] };
  readonly numRows: number;
}

/** Bytes of an Arrow IPC stream or file, or what apache-arrow made. */
export type Arrow = Bytes | ArrowTable;

/** Several Tables or RecordBatches of one schema. */
export type Batches = readonly ArrowTable[];

export type Bytes = ArrayBuffer | ArrayBufferView;

/** What a block is. */
export type Kind = 'batch' | 'schema' | 'raw' | 'view' | 'dataset' | 'manifest' | 'node' | 'other';

/** What is known of a block without reading it. */
export interface Block {
  cid: string;
  /** The CID of its schema's block, or null. */
  schemaCid: string | null;
  /** Rows of a batch or dataset; else 0. */
  rows: number;
  byteLength: number;
  /** When it was first put; null where that is not known. */
  time: Date | null;
  kind: Kind;
  /** After a put: whether the store did not have it. */
  isNew: boolean;
  /** After a put: whether the store had it with damaged bytes, which the put replaced. */
  isRepaired: boolean;
}

/** What may be said of a block as it is put. It is not part of its bytes, nor of its CID. */
export interface Facts {
  tags?: Record<string, string>;
  producer?: string;
  parents?: CidLike[];
  /** Free JSON. */
  data?: unknown;
  expires?: Date | string;
  locations?: string[];
  pin?: boolean;
  /** A name for the batch, or for a dataset of several batches. */
  name?: string;
}

/** What a removal by filter did, or would do. */
export interface Removal {
  /** The number of blocks that went. */
  removed: number;
  /** The number that passed the filter and stay: a name, a pin or another block needs them. */
  kept: number;
  /** The bytes of those that went. */
  byteLength: number;
}

/** What is part of a dataset and of its CID, with facts about it. */
export interface DatasetFacts extends Facts {
  metadata?: Record<string, string>;
  /** The datasets that it was made of. */
  madeOf?: CidLike[];
}

/** A name and the block that it points to. */
export interface Name {
  name: string;
  cid: string;
  /** What the block is; null where it is not here. */
  kind: Kind | null;
  /** When the name was last changed. */
  time: Date;
}

/** How a store is opened; capacity, segment size and retention count only where it is made. */
export interface Options {
  /** The most bytes that its files may take, in whole MiB. */
  capacity?: number;
  /** The bytes of one segment, in whole MiB. */
  segmentSize?: number;
  /** How long a call waits for what other processes hold. */
  timeoutMs?: number;
  /** When puts outlive a loss of power, where the store is on a disk. */
  durability?: 'none' | 'batch' | 'always';
  /** How much a read proves. */
  verify?: 'trusted' | 'first-read' | 'always';
  /** What a full store does: refuse, or drop what is oldest. */
  retention?: 'keep' | 'ring';
  readOnly?: boolean;
  /** Fails where no store is, instead of making one. */
  mustExist?: boolean;
  /** Several users share it. */
  group?: boolean;
  /** Its writers are not trusted: reads copy and prove. */
  copy?: boolean;
}

/** How the results of a function are kept. */
export interface CacheOptions<V = unknown> {
  /** How long: `'7d'`, `'1h30m'`, or milliseconds; 30 days unless set. */
  ttl?: string | number;
  /** The version of the function; results of others are not found. */
  version?: string | number;
  /** Arguments that are not in the key. */
  ignore?: string[];
  /** Whether a result is kept. */
  keepIf?: (value: V) => boolean;
  /** The name in the key; else the function's. */
  name?: string;
  /** Variables of the environment on which the result depends. */
  env?: string[];
}

/** A cached function: a batch comes as a Lease, several as a Dataset, bytes as bytes. */
export interface Cached<A extends object> {
  (args?: A): Promise<Lease | Dataset | Uint8Array>;
  /** The key of a call: the same in every language. */
  key(args?: A): string;
  /** Hits and misses of this process, and the milliseconds that hits saved. */
  info(): { hits: number; misses: number; savedMs: number };
  /** Removes the results with these arguments, whatever the others were. Returns how many. */
  invalidate(args?: Partial<A>): number;
  /** How many results there are with these arguments. */
  count(args?: Partial<A>): number;
}

/** The key of a call: the same for the same name, version and arguments in every language. */
export function callKey(fn: string, call?: { version?: string | number; args?: object; env?: Record<string, string | null> }):
  string;

/** A CID as an argument of a cached function that is a block. */
export function input(cid: CidLike): object;

export interface StoreEvent {
  /** A batch that the store did not have, one that it had, or word that something was missed. */
  kind: 'new' | 'again' | 'gap' | 'name' | 'other';
  /** The writer's log; -1 for a gap of the whole store. */
  lane: number;
  /** The batch, which may be gone by now; null for a gap. */
  block: Block | null;
  /** The records that are missing; unless they are damaged, all that is there is announced again. */
  gap: { reason: 'other-store' | 'past-end' | 'rewritten' | 'gone' | 'damaged' | 'other'; first: number; last: number }
    | null;
  /** Of kind 'name': the name that changed, the block that it points to since, and the one before; null for none. */
  name?: string;
  cid?: string | null;
  oldCid?: string | null;
}

/** What the library says went wrong. */
export class ArrowCidError extends Error {
  /** The name of the code in arrowcid.h without its prefix: `'BLOCK_CORRUPT'`; `'NO_LIBRARY'` where none is loaded. */
  readonly code: string;
}

/** Opens a store, and makes it where it is not there. Without a directory: that of ARROWCID_STORE, else the user's own. */
export function open(directory?: string | null, options?: Options): Store;

/** A directory of mapped files that any process opens. What may take long gives a promise and works elsewhere. */
export class Store {
  constructor(directory?: string | null, options?: Options);
  readonly directory: string;
  readonly isClosed: boolean;

  /** Puts every batch. Bytes must stay as they are until the promise is settled. */
  put(data: Arrow | Batches, facts?: Facts): Promise<Block[]>;
  /** Puts batches of one schema that become visible together or not at all, also where the process is killed. They have to
   * fit one segment of the store, else TOO_LARGE. Facts are of each, without a name. */
  putTogether(data: Arrow | Batches, facts?: Facts): Promise<Block[]>;
  /** The same on this thread, of bytes of Arrow IPC: less work where batches are small. */
  putSync(data: Bytes, facts?: Facts): Block[];
  /** Puts bytes as they are. */
  putRaw(data: Bytes, facts?: Facts): Promise<Block>;
  /** Puts many pieces of bytes in one call, which become visible together or not at all. Facts are of each, without a
   * name. */
  putRawMany(data: Bytes[], facts?: Facts): Block[];
  /** Puts a directory of files that are here: their CIDs by their paths, with slashes. */
  putDirectory(files: Record<string, CidLike>, facts?: Facts): Block;
  /** The files of a directory by their paths. Throws SCHEMA_MISMATCH where the block is another. */
  files(cid: CidLike): Record<string, string>;

  /** Puts a dataset of what is put, or of batches that are there, by their CIDs. Facts are of the batches too, but for
   * the name. */
  putDataset(data: Arrow | CidLike[], facts?: DatasetFacts): Promise<Block>;
  /** A dataset by its name or CID; null where the block is not there. Throws NAME_NOT_FOUND and SCHEMA_MISMATCH. */
  dataset(nameOrCid: CidLike): Dataset | null;
  /** The datasets, or those that pass a filter. */
  datasets(filter?: string | null): IterableIterator<Block>;
  /** Every name, in order. */
  names(): IterableIterator<Name>;

  /** Holds a block for reading; null where the store does not have it. */
  get(cid: CidLike): Lease | null;
  /** Holds many blocks in one call; null where one is not here. */
  getMany(cids: CidLike[]): (Lease | null)[];
  /** What is known of a block; null where the store does not have it. */
  find(cid: CidLike): Block | null;
  has(cid: CidLike): boolean;
  contains(cids: CidLike[]): boolean[];
  /** The batches, or the blocks that pass a filter: `tag.day = "monday" and rows > 100`. */
  list(filter?: string | null): IterableIterator<Block>;
  /** The same in one call, as an array: for up to some thousand blocks the quicker way. */
  listAll(filter?: string | null): Block[];
  /**
   * A function of one object of arguments, whose results are kept in the store for every process and language. The key is
   * the function's name, its version and its arguments; code is not in it: change the version with the code. Numbers,
   * text, bytes, Dates, arrays and plain objects count by value; a Lease, a Dataset and input(cid) by their CIDs. What is
   * no data is refused, and the error names the argument. Callers that miss together compute once.
   */
  cached<A extends object, V extends Arrow | Lease | Dataset>(compute: (args: A) => V | Promise<V>,
    options?: CacheOptions<V>): Cached<A>;

  /** A block and its metadata. */
  describe(cid: CidLike): any;

  /** Points a name at a block; where `expected` is given, only if it points there now (null: if it is free). */
  setName(name: string, cid: CidLike, options?: { expected?: CidLike | null }): void;
  removeName(name: string, options?: { expected?: CidLike }): void;
  resolveName(name: string): string | null;

  annotate(cid: CidLike, facts: Facts): void;
  /** Says something of many blocks in one call: the same of each, or one of an array for each. Some hundred are written
   * whole or not at all. Returns the number of blocks. */
  annotateMany(cids: CidLike[], facts: Facts | Facts[]): number;
  tagMany(cids: CidLike[], tags: Record<string, string>): number;
  /** Sets when blocks expire, in one call; null is never. */
  touch(cids: CidLike[], expires: Date | number | string | null): void;
  pin(cid: CidLike): void;
  unpin(cid: CidLike): void;
  /** Removes blocks from every listing and returns their number: blocks that a name, a pin or another block needs are kept,
   * and without `force` those that a place is still to get. When the store is cleaned up, their space is freed and `get` no
   * longer finds them. */
  remove(cids: CidLike[], options?: { force?: boolean }): number;
  /** Removes the blocks that pass a filter, in one call. With dryRun nothing is removed. */
  removeWhere(filter: string, options?: { dryRun?: boolean }): Removal;

  /** Proves that a block is what its CID says; rejects with BLOCK_CORRUPT or BLOCK_NOT_FOUND. */
  verify(cid: CidLike): Promise<void>;
  flush(): Promise<void>;

  /** News of what is put by any process: from 'now', from 'oldest', or from a cursor that a watch gave. */
  watch(options?: { from?: string; signal?: AbortSignal }): Watch;

  /** Changes of the names that match a pattern, in which * is any characters and ? one. */
  watchNames(pattern?: string, options?: { from?: string; signal?: AbortSignal }): Watch;

  /** Ends the store and its watches. Leases stay. */
  close(): void;
}

/** Batches of one schema in order, under one CID; it iterates over leases on its batches. */
export class Dataset implements Iterable<Lease> {
  private constructor();
  readonly cid: string;
  readonly schemaCid: string;
  /** The rows of all batches. */
  readonly rows: number;
  readonly block: Block;
  /** The CIDs of the batches in order. */
  readonly batches: string[];
  /** The number of batches. */
  readonly length: number;
  [Symbol.iterator](): Iterator<Lease>;
  /** A Table of apache-arrow over the mapped store. */
  table(): Promise<any>;
}

/** A block that is held where it lies. Its memory is only to be read: to write to it ends the process. */
export class Lease {
  private constructor();
  readonly cid: string;
  readonly schemaCid: string | null;
  readonly rows: number;
  readonly byteLength: number;
  readonly block: Block;
  /** The mapped memory. */
  readonly buffer: ArrayBuffer;
  /** The same as bytes, for `tableFromIPC(lease.bytes)`, whose columns then lie in `buffer`. */
  readonly bytes: Uint8Array;
  readonly isReleased: boolean;
  /** Gives the memory back: `buffer`, and every array over it, has length 0 from then on. */
  release(): void;
}

/** An async iterator that waits for each event, until it or its store is closed or its signal aborts. */
export class Watch implements AsyncIterableIterator<StoreEvent> {
  private constructor();
  /** Where to go on behind the last event given, in any process. */
  readonly cursor: string;
  next(): Promise<IteratorResult<StoreEvent, undefined>>;
  return(value?: any): Promise<IteratorResult<StoreEvent, any>>;
  close(): void;
  [Symbol.asyncIterator](): this;
}

/** The CID that a batch has in every store, without putting it. */
export function cid(data: Arrow): Promise<string>;

/** The CIDs of all batches. */
export function cids(data: Arrow): Promise<string[]>;

/** Proves that bytes are a canonical block, and gives its CID; rejects with NOT_CANONICAL, which says why not. */
export function check(data: Bytes): Promise<string>;

/** The library's version. */
export const version: string;

/** Which of the library's ways to SHA-256 runs on this processor. */
export const hashPath: string;
