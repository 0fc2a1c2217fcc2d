// Names, and the history of one.

import { useState } from 'preact/hooks';
import { getLines, namePath, type NameLine } from './api';
import { Busy, CidLink, Failure, Proof, Time, useLoad, useTitle } from './parts';
import { link } from './route';
import { countText } from './values';

const MOST = 1000;

export function Names() {
  useTitle('Names');
  const [part, setPart] = useState('');
  const names = useLoad([], (signal) => getLines<NameLine>('/v1/names', signal));
  const shown = (names.value ?? []).filter(({ name }) => name.toLowerCase().includes(part.toLowerCase()));
  return (
    <>
      <h1>Names</h1>
      <p class="summary">A name points to a block and may change. <Proof is="said" /></p>
      {names.error ? <Failure error={names.error} again={names.again} />
        : !names.value ? <Busy>Loading the names…</Busy>
          : names.value.length === 0
            ? <p>No name yet. <code>arrowcid put --name NAME FILE</code> stores a file and names it.</p>
            : <>
              <label for="part">Part of a name</label>
              <input id="part" value={part} spellcheck={false} onInput={(event) => setPart(event.currentTarget.value)} />
              <p role="status">{countText(shown.length)} of {countText(names.value.length)} names{shown.length > MOST ? `, the first ${countText(MOST)} are shown` : ''}</p>
              <div class="scroll" tabIndex={0} role="region" aria-label="Names">
                <table class="list">
                  <thead><tr><th scope="col">Name</th><th scope="col">Block</th><th scope="col">Changed</th><th scope="col">More</th></tr></thead>
                  <tbody>
                    {shown.slice(0, MOST).map(({ name, cid, time }) =>
                      <tr>
                        <th scope="row"><a href={link(['data', `@${name}`])}>@{name}</a></th>
                        <td>{cid && <CidLink cid={cid} />}</td>
                        <td><Time at={time} /></td>
                        <td><a href={link(['name', name])} aria-label={`History of ${name}`}>History</a></td>
                      </tr>)}
                  </tbody>
                </table>
              </div>
            </>}
    </>
  );
}

export function NameHistory({ name }: { name: string }) {
  useTitle(`History of ${name}`);
  const changes = useLoad([name], (signal) => getLines<NameLine>(namePath('/v1/history', name), signal));
  const latest = [...(changes.value ?? [])].reverse();
  return (
    <>
      <h1>History of <bdi>{name}</bdi></h1>
      <p class="summary">What the name pointed to, the latest first. <Proof is="said" /></p>
      {changes.error ? <Failure error={changes.error} again={changes.again} />
        : !changes.value ? <Busy>Loading the history…</Busy>
          : <ol class="history" reversed>
            {latest.map(({ cid, time }, i) => {
              const before = latest.slice(i + 1).find((each) => each.cid !== null)?.cid;
              return (
                <li>
                  <Time at={time} />{' '}
                  {cid ? <CidLink cid={cid} /> : <em>deleted</em>}{' '}
                  {cid && before && before !== cid && <a href={link(['diff', before, cid])}>What changed</a>}
                </li>);
            })}
          </ol>}
    </>
  );
}
