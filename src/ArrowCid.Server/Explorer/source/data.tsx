// A batch or dataset, by its CID or by a name.

import { useEffect, useState } from 'preact/hooks';
import { getJson, namePath, type NameLine } from './api';
import { Frame } from './frame';
import { LinkGraph } from './graph';
import { Grid } from './grid';
import { Details } from './about';
import { Busy, Copy, Failure, Proof, useLoad, useTitle } from './parts';
import { Profiles } from './profile-view';
import { link } from './route';
import { bytesText, countText } from './values';

const VIEWS = [['rows', 'Rows'], ['profile', 'Profile'], ['links', 'Links'], ['details', 'Details']] as const;

export function Data({ reference, view }: { reference: string; view: string }) {
  const name = reference.startsWith('@') ? reference.slice(1) : null;
  const [progress, setProgress] = useState(0);
  useTitle(name ? reference : `${reference.slice(0, 14)}…`);
  const found = useLoad([reference], async (signal) => {
    setProgress(0);
    const cid = name ? (await getJson<NameLine>(namePath('/v1/names', name), signal)).cid! : reference.trim();
    try {
      return { cid, frame: await Frame.open(cid, signal, (bytes) => signal.aborted || setProgress(bytes)), error: null };
    } catch (error) {
      return { cid, frame: null, error };
    }
  });
  useEffect(() => {
    document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [view, found.value]);
  if (found.error) return <><h1><bdi>{reference}</bdi></h1><Failure error={found.error} again={found.again} /></>;
  if (!found.value) return <><h1><bdi>{reference}</bdi></h1><Busy>Fetching and proving{progress > 0 ? `, ${bytesText(progress)} so far` : ''}…</Busy></>;
  const { cid, frame, error } = found.value;
  return (
    <>
      <h1>{name ? <bdi>@{name}</bdi> : frame?.isDataset ? 'Dataset' : 'Batch'}</h1>
      <p class="cid-line"><code class="long" id="cid">{cid}</code> <Copy text={cid} /> {frame ? <Proof is="proved" /> : <Proof is="refused" />}</p>
      {name && <p class="summary">That the name points to this CID: <Proof is="said" /> <a href={link(['name', name])}>History of the name</a></p>}
      {frame &&
        <p class="summary" id="proof">
          {frame.isDataset
            ? `SHA-256 of the dataset is the digest in its CID; each of its ${countText(frame.parts.length)} batches is proved before its rows are shown. `
            : 'SHA-256 of the bytes is the digest in the CID. '}
          {bytesText(frame.bytes)}, fetched and proved in {frame.milliseconds.toFixed(0)} ms.
        </p>}
      <nav class="tabs" aria-label="Views of the block">
        {VIEWS.map(([key, title]) => <a href={link(['data', reference, key])} aria-current={key === view ? 'page' : undefined}>{title}</a>)}
      </nav>
      {error && (view === 'rows' || view === 'profile') ? <Failure error={error} again={found.again} /> : null}
      {frame && view === 'rows' && (frame.fields.length > 0 ? <Grid frame={frame} label={`Rows of ${reference}`} /> : <p>The dataset has no batch, so there are no rows.</p>)}
      {frame && view === 'profile' && <Profiles frame={frame} />}
      {view === 'links' && <LinkGraph cid={cid} frame={frame} />}
      {view === 'details' && <Details cid={cid} frame={frame} />}
    </>
  );
}
