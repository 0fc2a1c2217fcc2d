// A table of any number of rows, of which the page holds only those that are visible.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { troubleOf } from './api';
import { MOST_BYTES, type Frame } from './frame';
import { orderOf, TESTS, type RowTest, type Sort, type TestKind } from './order';
import { Failure } from './parts';
import { countText, natureOf, textOf, typeText } from './values';

const ROW = 26, HEAD = 58;
// Browsers end an element at about 16 or 33 million pixels; beyond it a pixel is more than one row.
const MOST_PIXELS = 12_000_000;
const COLUMNS = 60;

export function Grid({ frame, label }: { frame: Frame; label: string }) {
  const [order, setOrder] = useState<Uint32Array | null>(null);
  const [sort, setSort] = useState<Sort | null>(null);
  const [test, setTest] = useState<RowTest | null>(null);
  const [busy, setBusy] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [firstColumn, setFirstColumn] = useState(0);
  const asked = useRef(0);

  const arrange = (nextTest: RowTest | null, nextSort: Sort | null) => {
    const mine = ++asked.current;
    setError(null);
    setBusy(nextTest || nextSort ? 'Arranging…' : '');
    orderOf(frame, nextTest, nextSort, (text) => mine === asked.current && setBusy(text)).then(
      (rows) => {
        if (mine !== asked.current) return;
        setOrder(rows);
        setSort(nextSort);
        setTest(nextTest);
        setBusy('');
      },
      (reason: unknown) => {
        if (mine !== asked.current) return;
        setError(reason);
        setBusy('');
      });
  };
  const turn = (column: number) => {
    const next = sort?.column !== column ? { column, isDescending: false } : sort.isDescending ? null : { column, isDescending: true };
    arrange(test, next);
  };
  const rows = order ? order.length : frame.numRows;
  const lastColumn = Math.min(firstColumn + COLUMNS, frame.fields.length);
  return (
    <section aria-label="Rows">
      <RowFilter frame={frame} test={test} onTest={(next) => arrange(next, sort)} />
      <p class="summary" role="status" id="rows">
        {busy || `${countText(rows)} ${rows === 1 ? 'row' : 'rows'}${order && test ? ` of ${countText(frame.numRows)}` : ''}, ` +
          `${countText(frame.fields.length)} ${frame.fields.length === 1 ? 'column' : 'columns'}`}
      </p>
      {frame.fields.length > COLUMNS &&
        <p class="actions">
          columns {firstColumn + 1} to {lastColumn}
          <button type="button" disabled={firstColumn === 0} onClick={() => setFirstColumn(firstColumn - COLUMNS)}>Columns before</button>
          <button type="button" disabled={lastColumn === frame.fields.length} onClick={() => setFirstColumn(firstColumn + COLUMNS)}>Columns after</button>
        </p>}
      {error ? <Failure error={error} /> : null}
      <Window key={firstColumn} frame={frame} order={order} sort={sort} columns={[firstColumn, lastColumn]} label={label} onSort={turn}
        onError={setError} />
    </section>
  );
}

function RowFilter({ frame, test, onTest }: { frame: Frame; test: RowTest | null; onTest: (test: RowTest | null) => void }) {
  const [column, setColumn] = useState(0);
  const [kind, setKind] = useState<TestKind>('contains');
  const [value, setValue] = useState('');
  const wantsValue = !kind.startsWith('is ');
  if (frame.fields.length === 0) return null;
  const isLarge = frame.bytes > MOST_BYTES;
  return (
    <form class="row-filter" onSubmit={(event) => { event.preventDefault(); onTest({ column, kind, value }); }}>
      <label>Rows where
        <select value={column} disabled={isLarge} onChange={(event) => setColumn(Number(event.currentTarget.value))}>
          {frame.fields.map((field, i) => <option value={i}>{field.name}</option>)}
        </select>
      </label>
      <label><span class="hidden">Test</span>
        <select value={kind} disabled={isLarge} onChange={(event) => setKind(event.currentTarget.value as TestKind)}>
          {TESTS.map((each) => <option>{each}</option>)}
        </select>
      </label>
      {wantsValue &&
        <label><span class="hidden">Value</span>
          <input value={value} disabled={isLarge} spellcheck={false} onInput={(event) => setValue(event.currentTarget.value)} />
        </label>}
      <button disabled={isLarge}>Filter</button>
      {test && <button type="button" onClick={() => onTest(null)}>All rows</button>}
    </form>
  );
}

interface WindowProps {
  frame: Frame;
  order: Uint32Array | null;
  sort: Sort | null;
  columns: [number, number];
  label: string;
  onSort: (column: number) => void;
  onError: (error: unknown) => void;
}

function Window({ frame, order, sort, columns: [from, to], label, onSort, onError }: WindowProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const painter = useRef<Painter | null>(null);
  const total = order ? order.length : frame.numRows;
  const fields = frame.fields.slice(from, to);
  useLayoutEffect(() => {
    const made = new Painter(frame, scroller.current!, body.current!, from, to, onError);
    painter.current = made;
    return () => made.end();
  }, [frame, from, to]);
  useLayoutEffect(() => painter.current?.show(order), [frame, order]);
  return (
    <div class="grid" tabIndex={0} role="region" aria-label={label} ref={scroller}
      style={{ height: `min(70vh, 46rem, ${total * ROW + HEAD + 2 * ROW}px)` }}>
      <div class="space" style={{ height: `${Math.min(total * ROW, MOST_PIXELS) + HEAD + ROW}px` }}>
        <table class="stick" aria-rowcount={total + 1} aria-colcount={frame.fields.length + 1}>
          <colgroup><col class="row-number" />{fields.map((_, i) => <col key={i} />)}</colgroup>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col" class="number">Row</th>
              {fields.map((field, i) => {
                const isSorted = sort?.column === from + i;
                return (
                  <th scope="col" class={natureOf(field.type) === 'number' ? 'number' : ''} aria-colindex={from + i + 2}
                    aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : undefined}>
                    <button type="button" title={`Sort by ${field.name}`} onClick={() => onSort(from + i)}>
                      {field.name}{isSorted && <span aria-hidden="true">{sort.isDescending ? ' ▼' : ' ▲'}</span>}
                    </button>
                    <small>{typeText(field.type)}{field.nullable ? '' : ', never null'}</small>
                  </th>);
              })}
            </tr>
          </thead>
          <tbody ref={body} />
        </table>
      </div>
    </div>
  );
}

/** Writes the visible rows into cells that are made once. */
class Painter {
  private readonly lines: { row: HTMLTableRowElement; head: HTMLTableCellElement; cells: HTMLTableCellElement[] }[] = [];
  private readonly resized: ResizeObserver;
  private order: Uint32Array | null = null;
  private isQueued = false;
  private isEnded = false;
  private readonly draw = () => this.queue();

  constructor(private readonly frame: Frame, private readonly scroller: HTMLElement, private readonly body: HTMLElement,
      private readonly from: number, private readonly to: number, private readonly onError: (error: unknown) => void) {
    scroller.addEventListener('scroll', this.draw, { passive: true });
    scroller.addEventListener('keydown', this.keyed);
    this.resized = new ResizeObserver(this.draw);
    this.resized.observe(scroller);
    this.setWidths();
  }

  show(order: Uint32Array | null): void {
    if (order !== this.order) this.scroller.scrollTop = 0;
    this.order = order;
    this.paint();
  }

  end(): void {
    this.isEnded = true;
    this.resized.disconnect();
    this.scroller.removeEventListener('scroll', this.draw);
    this.scroller.removeEventListener('keydown', this.keyed);
    this.body.replaceChildren();
  }

  private get total(): number {
    return this.order ? this.order.length : this.frame.numRows;
  }

  private get visible(): number {
    return Math.max(1, Math.floor((this.scroller.clientHeight - HEAD) / ROW));
  }

  private readonly keyed = (event: KeyboardEvent) => {
    if (event.target !== this.scroller || event.ctrlKey || event.altKey || event.metaKey) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: this.visible, PageUp: -this.visible };
    const first = this.first();
    if (event.key in steps) this.goTo(first + steps[event.key]!);
    else if (event.key === 'Home') this.goTo(0);
    else if (event.key === 'End') this.goTo(this.total);
    else return;
    event.preventDefault();
  };

  private most(): number {
    return Math.max(0, this.total - this.visible);
  }

  private range(): number {
    return Math.max(1, this.scroller.scrollHeight - this.scroller.clientHeight);
  }

  private first(): number {
    return Math.min(this.most(), Math.round(this.scroller.scrollTop / this.range() * this.most()));
  }

  private goTo(row: number): void {
    const wanted = Math.min(this.most(), Math.max(0, row));
    this.scroller.scrollTop = this.most() === 0 ? 0 : wanted / this.most() * this.range();
  }

  private queue(): void {
    if (this.isQueued) return;
    this.isQueued = true;
    requestAnimationFrame(() => {
      this.isQueued = false;
      if (!this.isEnded) this.paint();
    });
  }

  private paint(): void {
    const first = this.first();
    const count = Math.min(this.visible + 1, this.total - first);
    this.make(count);
    const missing = new Set<number>();
    for (let i = 0; i < this.lines.length; i++) {
      const { row, head, cells } = this.lines[i]!;
      row.hidden = i >= count;
      if (i >= count) continue;
      const at = this.order ? this.order[first + i]! : first + i;
      const part = this.frame.partOf(at);
      const table = this.frame.loaded(part);
      row.setAttribute('aria-rowindex', String(first + i + 2));
      row.classList.toggle('odd', (first + i) % 2 === 1);
      set(head, at.toLocaleString('en'));
      if (!table) missing.add(part);
      for (let column = 0; column < cells.length; column++) {
        const cell = cells[column]!;
        if (!table) {
          set(cell, '…');
          continue;
        }
        const value = table.getChildAt(this.from + column)!.get(at - this.frame.starts[part]!);
        cell.classList.toggle('null', value === null);
        set(cell, textOf(value, this.frame.fields[this.from + column]!.type));
      }
    }
    for (const part of missing) {
      this.frame.load(part).then(this.draw, (error: unknown) => this.isEnded || this.onError(troubleOf(error)));
    }
  }

  private make(count: number): void {
    while (this.lines.length < count) {
      const row = document.createElement('tr');
      const head = document.createElement('th');
      head.scope = 'row';
      head.className = 'number';
      row.append(head);
      const cells = this.frame.fields.slice(this.from, this.to).map(({ type }, i) => {
        const cell = document.createElement('td');
        cell.setAttribute('aria-colindex', String(this.from + i + 2));
        if (natureOf(type) === 'number') cell.className = 'number';
        row.append(cell);
        return cell;
      });
      this.body.append(row);
      this.lines.push({ row, head, cells });
    }
  }

  // Widths of what the first rows have, so that columns stay where they are while rows change.
  private setWidths(): void {
    const columns = [...this.body.parentElement!.querySelectorAll('col')].slice(1);
    const table = this.frame.parts.length > 0 ? this.frame.loaded(0) : undefined;
    this.frame.fields.slice(this.from, this.to).forEach((field, i) => {
      let most = Math.max(field.name.length + 2, Math.min(typeText(field.type).length, 24));
      const vector = table?.getChildAt(this.from + i);
      for (let row = 0; vector && row < Math.min(40, vector.length); row++) {
        most = Math.max(most, textOf(vector.get(row), field.type).length);
      }
      columns[i]!.style.width = `${Math.min(Math.max(most, 6), 42) * 0.58 + 1.5}rem`;
    });
  }
}

function set(cell: HTMLElement, text: string): void {
  const node = cell.firstChild as globalThis.Text | null;
  if (!node) cell.append(text);
  else if (node.data !== text) node.data = text;
}
