// The graph of parents, children and batches of a block, as SVG.

import { getJson, getLines, type Entry, type Links } from './api';
import type { Frame } from './frame';
import { Busy, CidLink, Failure, Proof, shortCid, useLoad } from './parts';
import { link } from './route';

const MOST_NODES = 60;
const DEPTH = 3;
const WIDTH = 190, HEIGHT = 44, GAP_X = 70, GAP_Y = 14;

interface Node {
  cid: string;
  level: number;
  names: string[];
  isProved: boolean;
}

interface Graph {
  nodes: Map<string, Node>;
  edges: { from: string; to: string; isProved: boolean }[];
  isCut: boolean;
}

export function LinkGraph({ cid, frame }: { cid: string; frame: Frame | null }) {
  const graph = useLoad([cid, frame], (signal) => explore(cid, frame, signal));
  if (graph.error) return <Failure error={graph.error} again={graph.again} />;
  if (!graph.value) return <Busy>Following the links…</Busy>;
  const { nodes, edges, isCut } = graph.value;
  const list = [...nodes.values()];
  const of = (level: number) => list.filter((node) => node.level === level);
  return (
    <section aria-label="Links">
      <p class="summary">
        What it was made from is on the left, what was made from it on the right. <Proof is="said" title="Parents are metadata, which the server says." />
        {frame?.isDataset && <> Batches of the dataset: <Proof is="proved" title="The dataset's node, which was proved, has the CIDs of its batches." /></>}
      </p>
      {isCut && <p>Only the nearest {MOST_NODES} blocks are shown. Open one of them to go on.</p>}
      {list.length === 1 && <p>It has no parents and no children.</p>}
      <Drawing nodes={list} edges={edges} center={cid} />
      <details>
        <summary>The same as a list</summary>
        <h3>Parents</h3>
        <List cids={of(-1).map((node) => node.cid)} />
        <h3>Children</h3>
        <List cids={of(1).filter((node) => !node.isProved).map((node) => node.cid)} />
      </details>
    </section>
  );
}

function List({ cids }: { cids: string[] }) {
  return cids.length === 0 ? <p>None.</p> : <ul>{cids.map((cid) => <li><CidLink cid={cid} view="links" /></li>)}</ul>;
}

function Drawing({ nodes, edges, center }: { nodes: Node[]; edges: Graph['edges']; center: string }) {
  const levels = [...new Set(nodes.map((node) => node.level))].sort((a, b) => a - b);
  const places = new Map<string, { x: number; y: number }>();
  const tallest = Math.max(...levels.map((level) => nodes.filter((node) => node.level === level).length));
  const height = tallest * (HEIGHT + GAP_Y) + GAP_Y;
  levels.forEach((level, column) => {
    const those = nodes.filter((node) => node.level === level);
    const top = (height - those.length * (HEIGHT + GAP_Y)) / 2;
    those.forEach((node, i) => places.set(node.cid, { x: column * (WIDTH + GAP_X) + 10, y: top + i * (HEIGHT + GAP_Y) + GAP_Y / 2 }));
  });
  const width = levels.length * (WIDTH + GAP_X) - GAP_X + 20;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Graph of links">
      <svg class="graph" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Graph of links">
        {edges.map(({ from, to, isProved }) => {
          const a = places.get(from), b = places.get(to);
          if (!a || !b) return null;
          const [x1, y1, x2, y2] = [a.x + WIDTH, a.y + HEIGHT / 2, b.x, b.y + HEIGHT / 2];
          return <path class={isProved ? 'edge proved' : 'edge'} d={`M${x1} ${y1} C${x1 + GAP_X / 2} ${y1} ${x2 - GAP_X / 2} ${y2} ${x2} ${y2}`} />;
        })}
        {nodes.map((node) => {
          const { x, y } = places.get(node.cid)!;
          const name = node.names[0] ? `@${node.names[0]}` : '';
          return (
            <a href={link(['data', node.cid, 'links'])} class={node.cid === center ? 'node center' : 'node'}>
              <rect x={x} y={y} width={WIDTH} height={HEIGHT} rx="6" />
              <text x={x + 10} y={y + (name ? 18 : 27)}>{name.length > 24 ? `${name.slice(0, 23)}…` : name || shortCid(node.cid)}</text>
              {name && <text class="soft" x={x + 10} y={y + 35}>{shortCid(node.cid)}</text>}
              <title>{`${name} ${node.cid}`.trim()}</title>
            </a>);
        })}
      </svg>
    </div>
  );
}

async function explore(cid: string, frame: Frame | null, signal: AbortSignal): Promise<Graph> {
  const graph: Graph = { nodes: new Map(), edges: [], isCut: false };
  const add = (of: string, level: number, isProved: boolean) => {
    if (graph.nodes.has(of)) return false;
    if (graph.nodes.size >= MOST_NODES) {
      graph.isCut = true;
      return false;
    }
    graph.nodes.set(of, { cid: of, level, names: [], isProved });
    return true;
  };
  const follow = async (of: string, level: number, direction: -1 | 0 | 1): Promise<void> => {
    let links: Links;
    try {
      links = await getJson<Links>(`/v1/blocks/${of}/links`, signal);
    } catch (error) {
      // A parent that is not stored has no links here; the block itself must have some.
      if (level === 0) throw error;
      return;
    }
    const node = graph.nodes.get(of);
    if (node) node.names = links.names;
    if (Math.abs(level) >= DEPTH) return;
    for (const [others, step] of [[links.parents, -1], [links.children, 1]] as const) {
      if (direction === -step) continue;
      for (const other of others) {
        const isNew = add(other, level + step, false);
        if (graph.nodes.has(other)) {
          const edge = step < 0 ? { from: other, to: of } : { from: of, to: other };
          if (!graph.edges.some((each) => each.from === edge.from && each.to === edge.to)) graph.edges.push({ ...edge, isProved: false });
        }
        if (isNew) await follow(other, level + step, step);
      }
    }
  };
  add(cid, 0, true);
  await follow(cid, 0, 0);
  if (frame?.isDataset) {
    for (const part of frame.parts.slice(0, 20)) {
      add(part.cid, 1, true);
      if (graph.nodes.has(part.cid)) graph.edges.push({ from: cid, to: part.cid, isProved: true });
    }
    if (frame.parts.length > 20) graph.isCut = true;
  }
  return graph;
}

/** The entries of blocks that are like this one: with the same schema. */
export function sameSchema(schema: string, signal: AbortSignal): Promise<Entry[]> {
  const filter = `schema = ${schema} and kind in (batch, dataset)`;
  return getLines<Entry>(`/v1/blocks?${new URLSearchParams({ filter, limit: '20' })}`, signal);
}
