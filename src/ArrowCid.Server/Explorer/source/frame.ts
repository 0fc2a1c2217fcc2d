// The rows of a batch or dataset. Every batch is fetched by its CID, and hashed before a value of it is read.

import { fetchBlock, fetchDataset, isDatasetCid } from '../modules/arrowcid.mjs';
import { tableFromIPC, type Field, type Table, type Vector } from './arrow';
import { server, token, Trouble } from './api';

/** The largest number of bytes that sorting, filtering, profiles and comparisons take into the browser. */
export const MOST_BYTES = 512 * 1024 * 1024;
const KEPT = 8;

export interface Part {
  cid: string;
  rows: number;
  bytes: number;
}

export class Frame {
  readonly starts: number[] = [];
  readonly numRows: number = 0;
  readonly bytes: number = 0;
  private readonly tables = new Map<number, Table>();
  private readonly pending = new Map<number, Promise<Table>>();
  // The first batches stay; of the others the last few do.
  private pinned = 1;
  readonly fields: Field[];

  private constructor(readonly cid: string, readonly isDataset: boolean, readonly parts: Part[], first: Table | null,
      readonly milliseconds: number, readonly meta: Record<string, string>) {
    for (const part of parts) {
      this.starts.push(this.numRows);
      this.numRows += part.rows;
      this.bytes += part.bytes;
    }
    if (first) this.tables.set(0, first);
    this.fields = first?.schema.fields ?? [];
  }

  static async open(cid: string, signal: AbortSignal, onProgress?: (bytes: number) => void): Promise<Frame> {
    const options = { token: token(), signal, onProgress };
    const begun = performance.now();
    if (!isDatasetCid(cid)) {
      const bytes = await fetchBlock(server, cid, options);
      const table = read(bytes);
      return new Frame(cid, false, [{ cid, rows: table.numRows, bytes: bytes.length }], table, performance.now() - begun, {});
    }
    const dataset = await fetchDataset(server, cid, options);
    const parts = dataset.batches as Part[];
    const first = parts[0] ? read(await fetchBlock(server, parts[0].cid, options)) : null;
    return new Frame(cid, true, parts, first, performance.now() - begun, dataset.meta as Record<string, string>);
  }

  /** The index of the batch that has a row. */
  partOf(row: number): number {
    let low = 0, high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The number of rows of the first batches. */
  rowsOf(parts: number): number {
    return parts < this.starts.length ? this.starts[parts]! : this.numRows;
  }

  /** A batch, where it was fetched and proved already. */
  loaded(part: number): Table | undefined {
    return this.tables.get(part);
  }

  /** Fetches and proves a batch. */
  load(part: number): Promise<Table> {
    const found = this.tables.get(part);
    if (found) return Promise.resolve(found);
    let promise = this.pending.get(part);
    if (!promise) {
      promise = fetchBlock(server, this.parts[part]!.cid, { token: token() }).then((bytes: Uint8Array) => {
        const table = read(bytes);
        if (table.numRows !== this.parts[part]!.rows) {
          throw new Trouble('A batch has another number of rows than its dataset says.', 'The dataset was made wrong; ' +
            'nothing of this batch is shown.');
        }
        this.keep(part, table);
        return table;
      }).finally(() => this.pending.delete(part));
      this.pending.set(part, promise);
    }
    return promise;
  }

  /** Fetches and proves every batch, and keeps all. */
  async loadAll(onProgress: (share: number) => void): Promise<void> {
    if (this.bytes > MOST_BYTES) {
      throw new Trouble('This dataset is too large for the browser to sort, filter or compare.',
        'Select its rows with "arrowcid get" or "arrowcid diff", or open one of its batches under Details.');
    }
    await this.loadSome(onProgress);
  }

  /** Fetches and proves as many batches from the first one as the browser holds, and keeps them. Returns their number. */
  async loadSome(onProgress: (share: number) => void): Promise<number> {
    let count = 0;
    for (let bytes = 0; count < this.parts.length && (count === 0 || bytes + this.parts[count]!.bytes <= MOST_BYTES); count++) {
      bytes += this.parts[count]!.bytes;
    }
    this.pinned = Math.max(this.pinned, count);
    for (let part = 0; part < count; part++) {
      await this.load(part);
      onProgress((part + 1) / count);
    }
    return count;
  }

  /** A column of a batch that was loaded. */
  column(part: number, column: number): Vector {
    return this.tables.get(part)!.getChildAt(column)!;
  }

  private keep(part: number, table: Table): void {
    this.tables.set(part, table);
    for (const oldest of this.tables.keys()) {
      if (this.tables.size <= this.pinned + KEPT) break;
      if (oldest >= this.pinned) this.tables.delete(oldest);
    }
  }
}

function read(bytes: Uint8Array): Table {
  try {
    return tableFromIPC(bytes);
  } catch (error) {
    throw new Trouble(`The bytes were proved, but apache-arrow cannot read them here (${(error as Error).message}).`,
      'Get the block with "arrowcid get --format parquet", or as CSV.');
  }
}

/** Lets the browser draw between pieces of long work. */
export class Turns {
  private last = performance.now();

  async next(): Promise<void> {
    if (performance.now() - this.last < 12) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.last = performance.now();
  }
}
