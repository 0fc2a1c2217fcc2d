// The view of the columns' profiles.

import { useEffect, useState } from 'preact/hooks';
import type { Frame } from './frame';
import { Busy, Failure, Proof } from './parts';
import { profile, QUANTILES, type Profile } from './profile';
import { countText, numberText, typeText } from './values';

export function Profiles({ frame }: { frame: Frame }) {
  const [found, setFound] = useState<(Profile | undefined)[]>([]);
  const [parts, setParts] = useState(0);
  const [busy, setBusy] = useState('Proving the batches…');
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let isEnded = false;
    const run = async () => {
      setFound([]);
      setError(null);
      const count = await frame.loadSome((share) => isEnded || setBusy(`Proving the batches, ${Math.round(share * 100)} %`));
      setParts(count);
      const made: Profile[] = [];
      for (let column = 0; column < frame.fields.length && !isEnded; column++) {
        setBusy(`Column ${column + 1} of ${frame.fields.length}…`);
        made.push(await profile(frame, column, count));
        if (!isEnded) setFound([...made]);
      }
      if (!isEnded) setBusy('');
    };
    run().catch((reason: unknown) => isEnded || setError(reason));
    return () => { isEnded = true; };
  }, [frame]);
  if (error) return <Failure error={error} />;
  return (
    <section aria-label="Profile">
      {busy ? <Busy>{busy}</Busy>
        : <p class="summary" role="status">
          {parts < frame.parts.length
            ? `The first ${countText(frame.rowsOf(parts))} of ${countText(frame.numRows)} rows: the browser does not hold more.`
            : `All ${countText(frame.numRows)} rows of ${frame.fields.length} columns.`}{' '}
          <Proof is="proved"
          title="Computed in this browser from bytes whose hashes are the digests in their CIDs." /></p>}
      <div class="cards">
        {frame.fields.map((field, i) =>
          <article class="card">
            <h2><bdi>{field.name}</bdi></h2>
            <p class="type">{typeText(field.type)}</p>
            {found[i] ? <Card of={found[i]} column={i} frame={frame} /> : <p class="busy">…</p>}
          </article>)}
      </div>
    </section>
  );
}

function Card({ of, column, frame }: { of: Profile; column: number; frame: Frame }) {
  const type = frame.fields[column]!.type;
  const text = (value: number) => numberText(value, type);
  const share = of.rows === 0 ? 0 : of.nulls / of.rows * 100;
  return (
    <>
      <dl>
        <div><dt>Nulls</dt><dd>{countText(of.nulls)} ({share.toFixed(share > 0 && share < 1 ? 2 : 0)} %)</dd></div>
        <div><dt>Distinct</dt><dd>{of.distinct === null ? 'over 200,000' : countText(of.distinct)}</dd></div>
        {of.notNumbers > 0 && <div><dt>NaN</dt><dd>{countText(of.notNumbers)}</dd></div>}
        {of.nature === 'number' && !Number.isNaN(of.mean) && <div><dt>Mean</dt><dd>{of.mean.toLocaleString('en', { maximumSignificantDigits: 6 })}</dd></div>}
      </dl>
      {of.bins.length > 0 && <Histogram of={of} text={text} name={frame.fields[column]!.name} />}
      {of.quantiles.length > 0 &&
        <dl class="quantiles">
          {of.quantiles.map((value, i) => <div><dt>{QUANTILES[i]}</dt><dd>{text(value)}</dd></div>)}
        </dl>}
      {of.top.length > 0 &&
        <table class="top">
          <caption>{of.distinct !== null && of.distinct <= of.top.length ? 'All values' : 'Most frequent'}</caption>
          <tbody>
            {of.top.map(({ text: value, count }) =>
              <tr>
                <th scope="row"><bdi>{value === '' ? <em>empty</em> : value}</bdi></th>
                <td class="number">{countText(count)}</td>
                <td class="bar" aria-hidden="true"><svg viewBox="0 0 100 8" preserveAspectRatio="none"><rect width={count / of.top[0]!.count * 100} height="8" /></svg></td>
              </tr>)}
          </tbody>
        </table>}
    </>
  );
}

function Histogram({ of, text, name }: { of: Profile; text: (value: number) => string; name: string }) {
  const most = Math.max(...of.bins.map(({ count }) => count));
  const width = 240 / of.bins.length;
  return (
    <svg class="histogram" viewBox="0 0 240 60" preserveAspectRatio="none" role="img"
      aria-label={`Histogram of ${name}: from ${text(of.bins[0]!.from)} to ${text(of.bins.at(-1)!.to)}, at most ${countText(most)} rows in one of ${of.bins.length} parts`}>
      {of.bins.map(({ from, to, count }, i) => {
        const height = count === 0 ? 0 : Math.max(1, count / most * 58);
        return <rect x={i * width + 0.5} y={60 - height} width={Math.max(1, width - 1)} height={height}><title>{`${text(from)} to ${text(to)}: ${countText(count)}`}</title></rect>;
      })}
    </svg>
  );
}
