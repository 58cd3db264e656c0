/**
 * What failover wants done and what it reports: the vocabulary between it and whoever drives it.
 */
import type { ProbePath, ProbeTarget } from '../mesh/probing.js';
import type { PathFigures, PathState } from './probedPath.js';
import type { Report } from './report.js';

export interface Effects {
  /** To send now. */
  readonly probes: readonly Probe[];
  /** Carried out by whoever drives failover. */
  readonly switches: readonly Switch[];
  readonly changes: readonly PathChange[];
  /** Our own report is another now: whoever probes us should do so soon. */
  readonly selfUpdate: boolean;
}

export interface Probe {
  readonly path: ProbePath;
  readonly target: ProbeTarget;
  readonly nonce: number;
  /** Our traffic takes this path. */
  readonly inUse: boolean;
  /** Whether the target forwards what we send through it. */
  readonly forwards: Verdict;
  /** The far end may rely on what we find of this path. */
  readonly vouches: boolean;
}

/** Of a node's forwarding. */
export type Verdict = 'unknown' | 'yes' | 'no';

/** A probe that came from another node. */
export interface IncomingProbe {
  /** WireGuard key of the sender, base64. */
  readonly key: string;
  readonly inUse: boolean;
  readonly forwards: Verdict;
  /** Of ours, the plane by which it came; undefined: by none. */
  readonly plane: number | undefined;
  /** See ProbeRequest. */
  readonly vouches: Report | undefined;
  /** Of two gateways that could vouch for their tunnel to each other, it is this one that relies on the other. */
  readonly relies: boolean;
}

/** The traffic to `segment` takes other paths, by name. */
export interface Switch {
  readonly segment: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export interface PathChange {
  readonly path: ProbePath;
  readonly state: PathState;
  /** How long it was in the state before, milliseconds. */
  readonly afterMs: number;
}

export interface PathStatus extends PathFigures {
  readonly path: ProbePath;
  readonly state: PathState;
  readonly inUse: boolean;
  /** For how long it has been in this state, milliseconds. */
  readonly forMs: number;
  /** The gateway at its end says that it forwards nothing. */
  readonly notForwarding?: true;
}
