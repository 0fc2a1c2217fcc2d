import { setImmediate as turn } from 'node:timers/promises';
import koffi from 'koffi';
import { call, readText } from './library.js';
import { EVENT_BYTES, readEvent } from './records.js';

// After this many events that were there already, others get their turn.
const MOST_IN_A_TURN = 64;

const collected = new FinalizationRegistry(end);

function end({ handle, poll }) {
  poll.close(); // before its descriptor goes
  try {
    call('watch_close', handle);
  } catch {
    // It ended with its store.
  }
}

/** News of what is put: an async iterator that waits for each event, until it is closed or its store is. */
export class Watch {
  #native;
  #isClosed = false;
  #failure = null;
  #wake = null;
  #cursor = null;
  #last = Promise.resolve();
  #immediate = 0;
  #signal;
  #onAbort = () => this.#abort();
  #onClose;
  #record = Buffer.alloc(EVENT_BYTES);

  constructor(handle, { signal, onClose }) {
    this.#onClose = onClose;
    this.#signal = signal;
    try {
      const fd = new Int32Array(1);
      call('watch_fd', handle, fd);
      const poll = koffi.node.poll(fd[0], { readable: true }, () => {});
      poll.stop();
      this.#native = { handle, poll };
    } catch (error) {
      call('watch_close', handle);
      throw error;
    }
    collected.register(this, this.#native, this);
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Where to go on behind the last event given. */
  get cursor() {
    return this.#isClosed ? this.#cursor : readText('watch_cursor', this.#native.handle);
  }

  next() {
    // One at a time, in the order of the calls.
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => {});
    return step;
  }

  async return(value) {
    this.close();
    return { value, done: true };
  }

  [Symbol.asyncIterator]() { return this; }

  close() {
    if (this.#isClosed) return;
    this.#cursor = this.cursor;
    this.#isClosed = true;
    collected.unregister(this);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    end(this.#native);
    this.#wake?.();
    this.#onClose(this);
  }

  #abort() {
    this.#failure = this.#signal.reason;
    this.close();
  }

  async #step() {
    if (++this.#immediate > MOST_IN_A_TURN) {
      this.#immediate = 0;
      await turn();
    }
    while (!this.#isClosed) {
      if (call('watch_next', this.#native.handle, 0, this.#record)) {
        const nameOf = () => readText('watch_name', this.#native.handle);
        return { value: readEvent(this.#record, nameOf), done: false };
      }
      this.#immediate = 0;
      await this.#readable();
    }
    if (this.#failure !== null) {
      const failure = this.#failure;
      this.#failure = null;
      throw failure;
    }
    return { value: undefined, done: true };
  }

  /** Waits until the watch's descriptor is readable, or the watch is closed. */
  async #readable() {
    const { poll } = this.#native;
    await new Promise(resolve => {
      this.#wake = resolve;
      // Through setImmediate: koffi calls back without the turn of promises that Node.js ends its own callbacks with.
      poll.start({ readable: true }, () => setImmediate(resolve));
    });
    this.#wake = null;
    if (!this.#isClosed) poll.stop();
  }
}

if (Symbol.asyncDispose) Watch.prototype[Symbol.asyncDispose] = async function () { this.close(); };
