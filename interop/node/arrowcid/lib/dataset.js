import { loadArrow } from './arrow.js';
import { call } from './library.js';
import { CID_BYTES, parseCid, readCids } from './records.js';

/** A dataset: batches of one schema in order, under one CID. It iterates over leases on its batches. */
export class Dataset {
  #store;
  #handle;
  #batches;

  constructor(store, handle, block) {
    this.#store = store;
    this.#handle = handle;
    this.block = block;
  }

  get cid() { return this.block.cid; }
  get schemaCid() { return this.block.schemaCid; }
  get rows() { return this.block.rows; }

  /** The CIDs of the batches in order. */
  get batches() { return [...(this.#batches ??= this.#readBatches())]; }

  /** The number of batches. */
  get length() { return this.batches.length; }

  *[Symbol.iterator]() {
    for (const cid of this.batches) {
      const lease = this.#store.get(cid);
      if (!lease) throw new Error(`the batch ${cid} of the dataset ${this.cid} is not in the store`);
      yield lease;
    }
  }

  /** One Table of apache-arrow over the mapped store, which holds all batches. */
  async table() {
    const { Table, tableFromIPC } = await loadArrow();
    return new Table([...this].flatMap(lease => tableFromIPC(lease.bytes).batches));
  }

  #readBatches() {
    const count = new BigInt64Array(1);
    for (let capacity = 64; ; capacity = Number(count[0])) {
      const place = Buffer.alloc(capacity * CID_BYTES);
      try {
        call('dataset_batches', this.#handle, parseCid(this.cid), place, capacity, count);
        return readCids(place, Number(count[0]));
      } catch (error) {
        if (error.code !== 'TOO_LARGE' || count[0] <= capacity) throw error;
      }
    }
  }
}
