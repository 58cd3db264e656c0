/**
 * A member's Mesh and MeshNodes, admitted as facts about its network.
 *
 * They are assembled once for a batch of events, not for each: a member may have thousands of nodes, and may change them as often as it
 * likes.
 */
import type { Mesh } from '../../core/api/mesh.js';
import type { MeshNode } from '../../core/api/meshNode.js';
import { MESH_NAME } from '../../core/api/names.js';
import type { Problem } from '../../core/api/problem.js';
import type { Clock } from '../../core/runtime/clock.js';
import { sameItems } from '../../core/memory/whileSame.js';
import { type Admission, createAdmission } from './admit/admitFacts.js';
import type { RangeTerms } from './admit/admitRange.js';
import type { Change } from './change.js';
import type { ClusterFacts } from './admit/clusterFacts.js';
import { type Read, readMesh, readMeshNode } from './facts.js';
import { type NotReady, notReadyOf, readyProblems } from './notReady.js';
import { type Feed, setOrDelete } from './feed.js';

interface ClusterRecords {
  readonly feeds: { readonly mesh: Feed<Observed<Mesh>>; readonly meshNode: Feed<Observed<MeshNode>> };
  /** As of the last batch. Undefined: no well-formed Mesh. */
  facts(): ClusterFacts | undefined;
  problems(): readonly Problem[];
  /** Nodes that their own cluster has lost: nobody knows what they do. The same set while nothing of it changes. */
  lostNodes(): ReadonlySet<string>;
  /** What the hub's administrator declared. */
  setTerms(terms: RangeTerms): void;
  /** Ends the batch at once. */
  settle(): void;
}

/** What others need of an object, and what its own cluster says is wrong with it. The second changes often and concerns only itself. */
interface Observed<T> {
  readonly read: Read<T>;
  readonly notReady: NotReady | undefined;
}

interface ClusterRecordsDeps {
  readonly clock: Pick<Clock, 'after' | 'now'>;
  readonly changed: (change: Change) => void;
  /** Its cluster has lost the node, or found it again. */
  readonly lostChanged: (node: string) => void;
}

/** Shortest length of a batch. What follows from one costs more the more nodes there are, so those of large members are rarer. */
const BATCH_MS = 20;
const BATCH_MS_PER_NODE = 0.1;
/** A member that goes on changing has longer batches, each twice as long as the one before, up to this many times the shortest. */
const LONGEST = 16;
/** Malformed objects that are told one by one. */
const MAX_MALFORMED = 20;

export function createClusterRecords({ clock, changed, lostChanged }: ClusterRecordsDeps): ClusterRecords {
  const nodes = new Map<string, Read<MeshNode>>();
  let names: readonly string[] | undefined;
  let mesh: Read<Mesh> | undefined;
  let admission: Admission = createAdmission({ allowed: undefined, reserved: [], place: '' });
  let facts: ClusterFacts | undefined;
  let leftOut: readonly Problem[] = [];
  let meshNotReady: NotReady | undefined;
  const nodesNotReady = new Map<string, NotReady>();
  let lost: ReadonlySet<string> = new Set();
  let cancel: (() => void) | undefined;
  /** Of the last batch, milliseconds. */
  let length = 0;
  let assembledAt = Number.NEGATIVE_INFINITY;

  function assemble(): void {
    cancel?.();
    cancel = undefined;
    assembledAt = clock.now();
    const before = facts;
    const admitted = mesh?.ok === true ? admission(mesh.value, sortedNodes()) : undefined;
    leftOut = admitted?.problems ?? [];
    if (sameFacts(before, admitted?.facts)) return;
    facts = admitted?.facts;
    changed({ kind: 'facts', before, after: facts });
  }

  function sortedNodes(): MeshNode[] {
    names ??= [...nodes.keys()].toSorted();
    const sorted: MeshNode[] = [];
    for (const name of names) {
      const read = nodes.get(name);
      if (read?.ok === true) sorted.push(read.value);
    }
    return sorted;
  }

  function setNotReady(node: string, why: NotReady | undefined): void {
    setOrDelete(nodesNotReady, node, why);
    if (lost.has(node) === (why?.reason === 'NodeLost')) return;
    const others = [...lost].filter((each) => each !== node);
    lost = new Set(why?.reason === 'NodeLost' ? [...others, node] : others);
    lostChanged(node);
  }

  function touch(): void {
    if (cancel !== undefined) return;
    const shortest = BATCH_MS + nodes.size * BATCH_MS_PER_NODE;
    const goesOn = clock.now() - assembledAt < 2 * length;
    length = goesOn ? Math.min(2 * length, LONGEST * shortest) : shortest;
    cancel = clock.after(length, assemble);
  }

  return {
    feeds: {
      mesh: {
        project: (object) => ({ read: readMesh(object), notReady: notReadyOf(object) }),
        changed(key, current) {
          if (key !== MESH_NAME) return;
          meshNotReady = current?.notReady;
          if (sameRead(mesh, current?.read)) return;
          mesh = current?.read;
          touch();
        },
      },
      meshNode: {
        project: (object) => ({ read: readMeshNode(object), notReady: notReadyOf(object) }),
        changed(key, current) {
          setNotReady(key, current?.notReady);
          const read = current?.read;
          if (sameRead(nodes.get(key), read)) return;
          if (!nodes.has(key) || read === undefined) names = undefined;
          setOrDelete(nodes, key, read);
          touch();
        },
      },
    },
    facts: () => facts,
    problems: () => [
      ...(mesh === undefined ? [NO_MESH] : malformed([mesh, ...nodes.values()])),
      ...leftOut,
      ...readyProblems(meshNotReady, nodesNotReady),
    ],
    lostNodes: () => lost,
    setTerms(terms) {
      admission = createAdmission(terms);
      if (mesh !== undefined) touch();
    },
    settle() {
      if (cancel !== undefined) assemble();
    },
  };
}

function malformed(reads: readonly Read<unknown>[]): Problem[] {
  const errors = reads.flatMap((read) => (read.ok ? [] : [read.error]));
  const more = errors.length - MAX_MALFORMED;
  if (more <= 0) return errors;
  const rest: Problem = { subject: { kind: 'mesh' }, reason: 'BadMeshNode', message: `${more} more of its MeshNodes are malformed` };
  return [...errors.slice(0, MAX_MALFORMED), rest];
}

/** Of one object: what of it is kept is small. */
function sameRead(a: Read<unknown> | undefined, b: Read<unknown> | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Unchanged nodes are the same objects, so thousands of them are compared without a look inside. */
function sameFacts(a: ClusterFacts | undefined, b: ClusterFacts | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    JSON.stringify(a.mesh) === JSON.stringify(b.mesh) &&
    a.declared?.join() === b.declared?.join() &&
    sameItems(a.nodes, b.nodes) &&
    sameItems(a.podCIDRs, b.podCIDRs) &&
    sameItems(a.serviceCIDRs, b.serviceCIDRs) &&
    sameItems(a.routedServiceCIDRs, b.routedServiceCIDRs) &&
    sameItems(a.meshCIDRs, b.meshCIDRs) &&
    a.nodeAddresses.size === b.nodeAddresses.size &&
    [...a.nodeAddresses].every((address) => b.nodeAddresses.has(address))
  );
}

const NO_MESH: Problem = {
  subject: { kind: 'mesh' },
  reason: 'NoMesh',
  message: 'the cluster has no Mesh "default", so its nodes cannot be registered elsewhere: apply one, as in examples/multicluster',
};
