import koffi from 'koffi';
import { detach } from './detach.js';
import { call } from './library.js';
import { BLOCK_BYTES, readBlock } from './records.js';

// Keyed by the buffer and not by the lease: every array over the memory holds the buffer.
const collected = new FinalizationRegistry(handle => release(handle));

function release(handle) {
  try {
    call('release_lease', handle);
  } catch {
    // There is no caller to tell, and the process's end releases it.
  }
}

function cannotTransfer() {
  throw new TypeError('this memory is shared with other processes and cannot be moved; copy it with slice()');
}

const untransferable = { value: cannotTransfer };

/**
 * A block that is held where it lies in the mapped store. Its bytes stay as they are until `release()`, or until neither
 * the lease nor any array over its buffer is reachable.
 */
export class Lease {
  #handle;
  #record = Buffer.alloc(BLOCK_BYTES);
  #block;
  #buffer;
  #bytes;

  constructor(handle) {
    const address = new BigUint64Array(1);
    const length = new BigInt64Array(1);
    try {
      call('lease_block', handle, address, length, this.#record);
      this.#buffer = koffi.view(address[0], Number(length[0]));
    } catch (error) {
      release(handle);
      throw error;
    }
    // The lease of a moved buffer would never be released.
    Object.defineProperties(this.#buffer, { transfer: untransferable, transferToFixedLength: untransferable });
    this.#bytes = new Uint8Array(this.#buffer);
    this.#handle = handle;
    collected.register(this.#buffer, handle, this);
  }

  get cid() { return this.block.cid; }
  get schemaCid() { return this.block.schemaCid; }
  get rows() { return this.block.rows; }
  get byteLength() { return this.block.byteLength; }

  /** What is known of the block; read when it is first asked for. */
  get block() { return this.#block ??= readBlock(this.#record); }

  /** The mapped memory, only to be read. */
  get buffer() { return this.#buffer; }

  /** The same as bytes: what `tableFromIPC` takes. */
  get bytes() { return this.#bytes; }

  get isReleased() { return this.#handle === 0; }

  [Symbol.for('nodejs.util.inspect.custom')]() {
    const state = this.isReleased ? ', released' : '';
    return `Lease { cid: '${this.cid}', rows: ${this.rows}, byteLength: ${this.byteLength}${state} }`;
  }

  release() {
    if (this.#handle === 0) return;
    const handle = this.#handle;
    this.#handle = 0;
    if (detach) {
      collected.unregister(this);
      detach(this.#buffer);
      call('release_lease', handle);
    } else {
      this.#buffer = new ArrayBuffer(0);
      this.#bytes = new Uint8Array(this.#buffer);
    }
  }
}

if (Symbol.dispose) Lease.prototype[Symbol.dispose] = Lease.prototype.release;
