// The details of a block: its metadata, its copies, and who signed it.

import { getJson, type Entry } from './api';
import type { Frame } from './frame';
import { sameSchema } from './graph';
import { Busy, CidLink, Copy, Failure, Proof, Time, useLoad } from './parts';
import { link } from './route';
import { Tags } from './search';
import { statementsOf } from './statements';
import { bytesText, countText, typeText } from './values';

export function Details({ cid, frame }: { cid: string; frame: Frame | null }) {
  const entry = useLoad([cid], (signal) => getJson<Entry>(`/v1/blocks/${cid}/info`, signal));
  return (
    <>
      {frame && <ProvedFacts frame={frame} />}
      {entry.error ? <Failure error={entry.error} again={entry.again} />
        : !entry.value ? <Busy>Loading the metadata…</Busy>
          : <>
            <Metadata entry={entry.value} />
            <Copies entry={entry.value} />
            <Signers cid={cid} />
            {entry.value.schemaCid && <SameSchema cid={cid} schema={entry.value.schemaCid} />}
          </>}
    </>
  );
}

function ProvedFacts({ frame }: { frame: Frame }) {
  return (
    <section class="panel">
      <h2>Schema <Proof is="proved" /></h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Schema">
        <table class="list">
          <thead><tr><th scope="col">Column</th><th scope="col">Type</th><th scope="col">Null</th></tr></thead>
          <tbody>
            {frame.fields.map((field) =>
              <tr><th scope="row"><bdi>{field.name}</bdi></th><td>{typeText(field.type)}</td><td>{field.nullable ? 'may be null' : 'never'}</td></tr>)}
          </tbody>
        </table>
      </div>
      {frame.isDataset &&
        <details>
          <summary>{countText(frame.parts.length)} batches</summary>
          <ol>{frame.parts.slice(0, 1000).map((part) => <li><CidLink cid={part.cid} /> {countText(part.rows)} rows, {bytesText(part.bytes)}</li>)}</ol>
        </details>}
      {Object.keys(frame.meta).length > 0 && <dl class="pairs">{Object.entries(frame.meta).map(([key, value]) => <div><dt>{key}</dt><dd>{String(value)}</dd></div>)}</dl>}
    </section>
  );
}

function Metadata({ entry }: { entry: Entry }) {
  return (
    <section class="panel">
      <h2>Metadata <Proof is="said" /></h2>
      <dl class="pairs">
        <div><dt>Kind</dt><dd>{entry.kind}</dd></div>
        <div><dt>Created</dt><dd><Time at={entry.time} /></dd></div>
        <div><dt>Expires</dt><dd>{entry.expires ? <Time at={entry.expires} /> : 'never'}</dd></div>
        <div><dt>Pinned</dt><dd>{entry.isPinned ? 'yes' : 'no'}</dd></div>
        <div><dt>Producer</dt><dd>{entry.producer ?? '–'}</dd></div>
        <div><dt>Names</dt><dd>{entry.names.length === 0 ? '–' : entry.names.map((name) => <><a href={link(['name', name])}>@{name}</a> </>)}</dd></div>
        <div><dt>Tags</dt><dd>{Object.keys(entry.tags).length === 0 ? '–' : <Tags tags={entry.tags} />}</dd></div>
        <div><dt>As a file of IPFS</dt><dd><code class="long">{entry.dag ?? entry.cid}</code> <Copy text={entry.dag ?? entry.cid} /></dd></div>
      </dl>
      {entry.json !== null && entry.json !== undefined && <pre tabIndex={0} role="region" aria-label="JSON of the block">{JSON.stringify(entry.json, null, 2)}</pre>}
    </section>
  );
}

function Copies({ entry }: { entry: Entry }) {
  const copies = entry.copies ?? [];
  return (
    <section class="panel">
      <h2>Copies <Proof is="said" title="The store has a record of each copy; 'arrowcid place verify' proves them." /></h2>
      <ul>
        {entry.kind !== 'unknown' && <li>this store</li>}
        {copies.map((place) => <li><a href={link(['search'], { filter: `place = ${JSON.stringify(place)}` })}>{place}</a></li>)}
        {entry.locations.map((location) => <li><code class="long">{location}</code> (recorded by a caller)</li>)}
      </ul>
      {copies.length === 0 && <p>No copy at another place is recorded.</p>}
    </section>
  );
}

function Signers({ cid }: { cid: string }) {
  const found = useLoad([cid], (signal) => statementsOf(cid, signal));
  return (
    <section class="panel" id="signers">
      <h2>Who signed</h2>
      {found.error ? <Failure error={found.error} again={found.again} />
        : !found.value ? <Busy>Verifying the signatures…</Busy>
          : found.value.length === 0 ? <p>No one signed a statement about it.</p>
            : <ul class="statements">
              {found.value.map((each) =>
                <li>
                  <Proof is={each.state} title={each.why} /> <code class="long">{each.key}</code> <Time at={each.time} />
                  {each.name && <> as <bdi>@{each.name}</bdi></>}
                  <dl class="pairs">{Object.entries(each.says).map(([key, value]) => <div><dt>{key}</dt><dd>{value}</dd></div>)}</dl>
                  {each.state !== 'proved' && <p>{each.why}</p>}
                </li>)}
            </ul>}
    </section>
  );
}

function SameSchema({ cid, schema }: { cid: string; schema: string }) {
  const found = useLoad([schema], (signal) => sameSchema(schema, signal));
  const others = (found.value ?? []).filter((entry) => entry.cid !== cid);
  if (others.length === 0) return null;
  return (
    <section class="panel">
      <h2>Compare with <Proof is="said" title="The server lists blocks of the same schema." /></h2>
      <ul>
        {others.map((entry) =>
          <li><a href={link(['diff', entry.cid, cid])}>{entry.names[0] ? `@${entry.names[0]}` : entry.cid.slice(0, 20)}</a>, {countText(entry.rows)} rows, <Time at={entry.time} /></li>)}
      </ul>
    </section>
  );
}
