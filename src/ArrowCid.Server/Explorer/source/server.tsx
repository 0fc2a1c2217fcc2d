// Figures of the store and the server over time, the places of copies, and the settings.

import { useEffect, useRef, useState } from 'preact/hooks';
import { getJson, getLines, getText } from './api';
import { Busy, Failure, Proof, useLoad, useTitle } from './parts';
import { link } from './route';
import { bytesText, countText } from './values';

const EVERY = 2000;
const MOST_POINTS = 450;

/** A figure: the sum of a metric's series, or what it grew by per second. */
interface Figure {
  title: string;
  metric: string;
  isRate: boolean;
  text: (value: number) => string;
}

const FIGURES: Figure[] = [
  { title: 'Bytes taken', metric: 'arrowcid_store_taken_bytes', isRate: false, text: bytesText },
  { title: 'Bytes free', metric: 'arrowcid_store_free_bytes', isRate: false, text: bytesText },
  { title: 'Blocks', metric: 'arrowcid_store_blocks', isRate: false, text: countText },
  { title: 'Names', metric: 'arrowcid_store_names', isRate: false, text: countText },
  { title: 'Blocks put per second', metric: 'arrowcid_put_blocks_total', isRate: true, text: rateText },
  { title: 'Bytes sent per second', metric: 'arrowcid_sent_bytes_total', isRate: true, text: bytesText },
  { title: 'Calls per second', metric: 'arrowcid_call_duration_seconds_count', isRate: true, text: rateText },
  { title: 'Calls that run', metric: 'arrowcid_running', isRate: false, text: countText },
  { title: 'Watchers', metric: 'arrowcid_watchers', isRate: false, text: countText },
  { title: 'Refused calls per second', metric: 'arrowcid_refused_total', isRate: true, text: rateText },
  { title: 'Damaged blocks', metric: 'arrowcid_corrupt_blocks_total', isRate: false, text: countText },
  { title: 'Memory of the server', metric: 'process_resident_memory_bytes', isRate: false, text: bytesText },
];

function rateText(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}

interface Sample {
  at: number;
  sums: Map<string, number>;
}

/** The sums of the series of each metric in Prometheus' text format. */
export function sumsOf(text: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? (-?[\d.eE+-]+|NaN|[+-]Inf)$/.exec(line);
    if (found) sums.set(found[1]!, (sums.get(found[1]!) ?? 0) + Number(found[2]!.replace('Inf', 'Infinity')));
  }
  return sums;
}

export function Server() {
  useTitle('Server');
  const [samples, setSamples] = useState<Sample[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  const list = useRef<Sample[]>([]);
  useEffect(() => {
    const ends = new AbortController();
    const run = async () => {
      while (!ends.signal.aborted) {
        const sums = sumsOf(await getText('/metrics', ends.signal));
        list.current = [...list.current, { at: performance.now(), sums }].slice(-MOST_POINTS);
        setSamples(list.current);
        setError(null);
        await new Promise((resolve) => setTimeout(resolve, EVERY));
      }
    };
    run().catch((reason: unknown) => ends.signal.aborted || setError(reason));
    return () => ends.abort();
  }, [turn]);
  return (
    <>
      <h1>Server</h1>
      <p class="summary">Asked every 2 seconds while this page is open, for up to 15 minutes back. <Proof is="said" /></p>
      {error ? <Failure error={error} again={() => setTurn(turn + 1)} /> : null}
      {samples.length === 0 && !error ? <Busy>Asking…</Busy> : null}
      <div class="cards figures">
        {samples.length > 0 && FIGURES.filter(({ metric }) => samples.at(-1)!.sums.has(metric))
          .map((figure) => <Chart figure={figure} samples={samples} />)}
      </div>
      <Places />
      <Settings />
    </>
  );
}

function Chart({ figure, samples }: { figure: Figure; samples: Sample[] }) {
  const values = samples.map(({ sums, at }, i) => {
    const value = sums.get(figure.metric) ?? 0;
    if (!figure.isRate) return value;
    const before = samples[i - 1];
    return before ? Math.max(0, value - (before.sums.get(figure.metric) ?? 0)) / ((at - before.at) / 1000) : 0;
  });
  const last = values.at(-1)!;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low || 1;
  const points = values.map((value, i) =>
    `${(values.length === 1 ? 240 : i / (values.length - 1) * 240).toFixed(1)},${(46 - (value - low) / span * 42).toFixed(1)}`);
  return (
    <article class="card">
      <h2>{figure.title}</h2>
      <p class="figure">{figure.text(last)}</p>
      <svg class="line" viewBox="0 0 240 50" preserveAspectRatio="none" role="img"
        aria-label={`${figure.title}: now ${figure.text(last)}, between ${figure.text(low)} and ${figure.text(high)}`}>
        <polyline points={points.length === 1 ? `0,${points[0]!.split(',')[1]} ${points[0]}` : points.join(' ')} />
      </svg>
      <p class="soft">{figure.text(low)} to {figure.text(high)}</p>
    </article>
  );
}

interface Place {
  name: string;
  location: string;
  cost: number;
  form: string;
  write: string;
  isDurable: boolean;
  blocks: number;
  bytes: number;
  backlogBlocks: number;
  backlogBytes: number;
}

function Places() {
  const places = useLoad([], (signal) => getLines<Place>('/v1/places', signal));
  return (
    <section class="panel" id="places">
      <h2>Places of copies <Proof is="said" /></h2>
      {places.error ? <Failure error={places.error} again={places.again} />
        : !places.value ? <Busy>Loading the places…</Busy>
          : places.value.length === 0
            ? <p>This store has no place for copies. <code>arrowcid place add NAME LOCATION</code> adds one.</p>
            : <div class="scroll" tabIndex={0} role="region" aria-label="Places">
              <table class="list">
                <thead>
                  <tr><th scope="col">Place</th><th scope="col">Location</th><th scope="col">Writes</th><th scope="col" class="number">Cost</th>
                    <th scope="col" class="number">Blocks</th><th scope="col" class="number">Bytes</th><th scope="col" class="number">To be copied</th></tr>
                </thead>
                <tbody>
                  {places.value.map((place) =>
                    <tr>
                      <th scope="row"><a href={link(['search'], { filter: `place = ${JSON.stringify(place.name)}` })}>{place.name}</a></th>
                      <td><code class="long">{place.location}</code>{place.isDurable ? '' : ' (not durable)'}</td>
                      <td>{place.write}</td>
                      <td class="number">{countText(place.cost)}</td>
                      <td class="number">{countText(place.blocks)}</td>
                      <td class="number">{bytesText(place.bytes)}</td>
                      <td class="number">{countText(place.backlogBlocks)} blocks, {bytesText(place.backlogBytes)}</td>
                    </tr>)}
                </tbody>
              </table>
            </div>}
    </section>
  );
}

interface Configuration {
  store: string;
  settings: { name: string; value: string | null; from: string; help?: string }[];
}

function Settings() {
  const settings = useLoad([], (signal) => getJson<Configuration>('/config', signal));
  return (
    <section class="panel" id="settings">
      <h2>Settings <Proof is="said" /></h2>
      {settings.error ? <Failure error={settings.error} again={settings.again} />
        : !settings.value ? <Busy>Loading the settings…</Busy>
          : <details>
            <summary>{settings.value.settings.length} settings of the server over {settings.value.store}</summary>
            <div class="scroll" tabIndex={0} role="region" aria-label="Settings">
              <table class="list">
                <thead><tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">From</th></tr></thead>
                <tbody>
                  {settings.value.settings.map(({ name, value, from }) => <tr><th scope="row">{name}</th><td><code class="long">{value}</code></td><td>{from}</td></tr>)}
                </tbody>
              </table>
            </div>
          </details>}
    </section>
  );
}
