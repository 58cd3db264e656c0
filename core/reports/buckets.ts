/**
 * Figures as buckets that hold still: a figure that wavers about a bound stays where it is, so that a quiet mesh has nothing to write.
 */
import { LOSS_BUCKETS } from '../api/reportBounds.js';

/** The smallest and the largest value of a figure since it was last looked at. */
export interface Spread {
  readonly least: number;
  readonly most: number;
}

/**
 * Milliseconds to the upper bound of a bucket in steps of half as much again, from 5 ms on. `before`: the bucket until now. The least of a
 * minute is what the network itself takes; the rest is what processors add.
 */
export function rttBucket({ least }: Spread, before: number | undefined): number {
  return settle({ least, most: least }, before, RTT_EDGES);
}

/** A share from 0 to 1 to the upper bound of its bucket, per cent. `before`: the bucket until now. */
export function lossBucket({ least, most }: Spread, before: number | undefined): number {
  return settle({ least: least * 100, most: most * 100 }, before, LOSS_EDGES);
}

interface Edge {
  /** The bucket's name: what is reported. */
  readonly bucket: number;
  /** It holds what is above the edge before, up to this. */
  readonly upTo: number;
}

const STEP = 1.5;
const LONGEST_MS = 60_000;
const RTT_EDGES = rttEdges();
const LOSS_EDGES: readonly Edge[] = LOSS_BUCKETS.map((bucket) => ({ bucket, upTo: bucket === 0 ? 0.5 : bucket }));
/** So far beyond an edge a figure has gone for good. */
const BEYOND = 1.3;

/**
 * All of the time since must have been beyond an edge: a moment is none of the network. What is found first is the least.
 */
function settle({ least, most }: Spread, before: number | undefined, edges: readonly Edge[]): number {
  const index = edges.findIndex(({ bucket }) => bucket === before);
  const edge = edges[index];
  if (edge === undefined || least > edge.upTo * BEYOND) return bucketOf(least, edges);
  return most < (edges[index - 1]?.upTo ?? 0) / BEYOND ? bucketOf(most, edges) : edge.bucket;
}

function bucketOf(value: number, edges: readonly Edge[]): number {
  return (edges.find(({ upTo }) => value <= upTo) ?? edges.at(-1))?.bucket ?? 0;
}

/** Rounded to a tenth: 5, 7.5, 11.3, 16.9 and so on. What is less is a matter of processors, not of networks. */
function rttEdges(): readonly Edge[] {
  const edges: Edge[] = [];
  for (let ms = 5; ms < LONGEST_MS * STEP; ms *= STEP) edges.push({ bucket: Math.round(ms * 10) / 10, upTo: ms });
  return edges;
}
