// The rows by which two versions differ.

import { useState } from 'preact/hooks';
import { getJson, namePath, type NameLine } from './api';
import { BY_POSITION, compare, type Change, type Comparison } from './compare';
import { Frame } from './frame';
import { Busy, CidLink, Failure, Proof, useLoad, useTitle } from './parts';
import { go, replace, type Route } from './route';
import { countText } from './values';

const POSITION = 'by position';

export function Diff({ route }: { route: Route }) {
  const [a = '', b = ''] = route.parts.slice(1);
  return a && b ? <Result a={a} b={b} asked={route.query.get('key')} /> : <Ask a={a} b={b} />;
}

function Ask({ a, b }: { a: string; b: string }) {
  useTitle('Compare');
  const [one, setOne] = useState(a), [other, setOther] = useState(b);
  return (
    <>
      <h1>Compare</h1>
      <p class="summary">Shows which rows differ between two batches or datasets. Both are proved in this browser first.</p>
      <form class="stacked" onSubmit={(event) => { event.preventDefault(); go(['diff', one.trim(), other.trim()]); }}>
        <label for="one">The first one: a CID, or @ and a name</label>
        <input id="one" required value={one} spellcheck={false} onInput={(event) => setOne(event.currentTarget.value)} />
        <label for="other">The second one</label>
        <input id="other" required value={other} spellcheck={false} onInput={(event) => setOther(event.currentTarget.value)} />
        <button>Compare</button>
      </form>
    </>
  );
}

async function resolve(reference: string, signal: AbortSignal): Promise<string> {
  if (!reference.startsWith('@')) return reference;
  return (await getJson<NameLine>(namePath('/v1/names', reference.slice(1)), signal)).cid!;
}

function Result({ a, b, asked }: { a: string; b: string; asked: string | null }) {
  useTitle('Compare');
  const [busy, setBusy] = useState('');
  const found = useLoad([a, b, asked], async (signal) => {
    setBusy('Fetching…');
    const [one, other] = [await resolve(a, signal), await resolve(b, signal)];
    if (one === other) return { one, other, fields: [] as string[], result: null };
    const [left, right] = [await Frame.open(one, signal), await Frame.open(other, signal)];
    const key = asked === null ? null : asked === POSITION ? BY_POSITION : asked;
    const result = await compare(left, right, key, (text) => signal.aborted || setBusy(text));
    return { one, other, fields: result.columns.map((column) => column.name), result };
  });
  if (found.error) return <><h1>Compare</h1><Failure error={found.error} again={found.again} /></>;
  if (!found.value) return <><h1>Compare</h1><Busy>{busy}</Busy></>;
  const { one, other, fields, result } = found.value;
  return (
    <>
      <h1>Compare</h1>
      <p>
        <CidLink cid={one} />{a.startsWith('@') && <> (<bdi>{a}</bdi>)</>} with <CidLink cid={other} />{b.startsWith('@') && <> (<bdi>{b}</bdi>)</>}{' '}
        <Proof is="proved" title="Every batch of both was hashed in this browser; what is shown is computed from these bytes." />
      </p>
      {!result ? <p role="status">They have the same CID, so they are the same bytes.</p>
        : <>
          <label for="key">Rows are matched by</label>{' '}
          <select id="key" value={result.key === BY_POSITION ? POSITION : result.key}
            onChange={(event) => replace(['diff', a, b], { key: event.currentTarget.value })}>
            <option value={POSITION}>their position</option>
            {fields.map((field) => <option value={field}>{field}</option>)}
          </select>
          <Summary of={result} />
          {result.schema.length > 0 && <ul class="schema">{result.schema.map((line) => <li>{line}</li>)}</ul>}
          {result.changes.length > 0 && <Changes of={result} />}
        </>}
    </>
  );
}

function Summary({ of }: { of: Comparison }) {
  const differing = of.changed + of.added + of.removed;
  return (
    <p class="summary" role="status" id="difference">
      {differing === 0 ? `All ${countText(of.same)} rows have equal values.`
        : <><span class="changed">~ {countText(of.changed)} changed</span> <span class="added">+ {countText(of.added)} added</span>{' '}
          <span class="removed">− {countText(of.removed)} removed</span> {countText(of.same)} equal{of.equalBatches > 0 && `, ${countText(of.equalBatches)} batches with equal CIDs`}
          {differing > of.changes.length && `; the first ${countText(of.changes.length)} are shown`}</>}
    </p>
  );
}

function Changes({ of }: { of: Comparison }) {
  return (
    <div class="scroll tall" tabIndex={0} role="region" aria-label="Rows that differ">
      <table class="list changes">
        <thead>
          <tr><th scope="col">Change</th><th scope="col">Row</th>{of.columns.map((column) => <th scope="col">{column.name}</th>)}</tr>
        </thead>
        <tbody>{of.changes.map((each) => <Line of={each} />)}</tbody>
      </table>
    </div>
  );
}

const SIGNS = { changed: '~ changed', added: '+ added', removed: '− removed' };

function Line({ of }: { of: Change }) {
  const cells = (of.b ?? of.a)!;
  const row = of.rowB >= 0 && of.rowA >= 0 && of.rowA !== of.rowB ? `${countText(of.rowA)} → ${countText(of.rowB)}` : countText(Math.max(of.rowA, of.rowB));
  return (
    <tr class={of.kind}>
      <th scope="row">{SIGNS[of.kind]}</th>
      <td class="number">{row}</td>
      {cells.map((text, i) => of.kind === 'changed' && of.a![i] !== text
        ? <td class="cell-changed"><del>{of.a![i]}</del> <ins>{text}</ins></td>
        : <td>{text}</td>)}
    </tr>
  );
}
