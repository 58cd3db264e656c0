/**
 * applyChanges: carries out planned changes, and records in the model what the host holds afterwards.
 *
 * A change that fails stops only those that require it, which the model knows. Nothing is removed before the outcome of everything that is
 * set is known, because what a failed change still uses must stay.
 */
import type { Change } from '../../core/host/change.js';
import { FIREWALL_REMOVAL, firewallText } from '../../core/host/firewall.js';
import type { HostModel } from '../../core/host/hostModel.js';
import { providedBy, requirementText } from '../../core/host/requirements.js';
import { batchChannel, batchLine, changeText, type BatchChannel } from '../../core/host/render.js';
import { stagesOf, type Track } from '../../core/host/stages.js';
import type { Batch } from './batch.js';
import type { CniFiles } from './cniFolder.js';
import type { Conntrack } from './conntrack.js';
import type { ForwardChains } from './forwardChains.js';
import type { Runner } from './runner.js';
import type { Sysctls } from './sysctl.js';
import { setWireguard } from './setWireguard.js';
import type { WireguardDevices } from './wireguard.js';

export interface ApplyDeps {
  readonly batches: Readonly<Record<BatchChannel, Batch>>;
  readonly runner: Runner;
  readonly devices: WireguardDevices;
  readonly sysctls: Sysctls;
  readonly conntrack: Conntrack;
  readonly cni: CniFiles;
  readonly forward: ForwardChains;
  readonly keyFile: string;
  /** A folder that only we can read. */
  readonly secretDir: string;
}

export interface ApplyResult {
  readonly done: readonly Change[];
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly change: Change;
  readonly reason: string;
}

/**
 * `model` is what the host holds, and follows every change that worked. If `signal` aborts, the rest is neither done nor reported.
 */
export async function applyChanges(
  deps: ApplyDeps,
  model: HostModel,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<ApplyResult> {
  const done: Change[] = [];
  const failures: Failure[] = [];
  const follow = async (track: Track): Promise<void> => {
    for (const run of runsOf(track)) {
      if (signal.aborted) break;
      const ready = readyOf(model, run.changes, failures);
      if (ready.some(makesDevice)) for (const batch of Object.values(deps.batches)) batch.renew();
      const reasons = await carryOut(deps, run.lane, ready, signal);
      for (const [index, change] of ready.entries()) {
        const reason = reasons[index];
        if (reason === undefined || isAlreadySo(change, reason)) {
          model.record(change);
          done.push(change);
        } else {
          failures.push({ change, reason });
        }
      }
    }
  };
  for (const stage of stagesOf(changes, model.state())) {
    // Wait for all before a failure is thrown: nothing of this pass may run beside the next one.
    const ends = await Promise.allSettled(stage.map(follow));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
  return { done, failures };
}

/** Those whose requirements are met, or are provided by an earlier change of the same run. */
function readyOf(model: HostModel, changes: readonly Change[], failures: Failure[]): readonly Change[] {
  const soon = new Set<string>();
  return changes.filter((change) => {
    const reason = model.unmet(change, soon);
    if (reason !== undefined) failures.push({ change, reason });
    const provided = providedBy(change);
    if (reason === undefined && provided !== undefined) soon.add(requirementText(provided));
    return reason === undefined;
  });
}

function makesDevice({ kind }: Change): boolean {
  return kind === 'wireguard.add' || kind === 'device.add';
}

interface Run {
  readonly lane: Lane;
  readonly changes: Change[];
}

/** Who carries out a change: a batch of iproute2, `wg` for one interface, or we ourselves. */
type Lane =
  | { readonly kind: 'batch'; readonly channel: BatchChannel }
  | { readonly kind: 'wireguard'; readonly interface: string }
  | { readonly kind: 'single'; readonly change: Change['kind'] };

/** Consecutive changes that one program does in one go. A run of removals has one kind, since its outcome decides about the next kind. */
function runsOf(changes: readonly Change[]): readonly Run[] {
  const runs: Run[] = [];
  for (const change of changes) {
    const lane = laneOf(change);
    const last = runs.at(-1);
    if (last !== undefined && sameLane(last.lane, lane) && mayFollow(last.changes[0], change)) last.changes.push(change);
    else runs.push({ lane, changes: [change] });
  }
  return runs;
}

function laneOf(change: Change): Lane {
  const channel = batchChannel(change);
  if (channel !== undefined) return { kind: 'batch', channel };
  if (change.kind === 'peer.set' || change.kind === 'peer.delete') return { kind: 'wireguard', interface: change.interface };
  if (change.kind === 'wireguard.configure') return { kind: 'wireguard', interface: change.name };
  return { kind: 'single', change: change.kind };
}

function sameLane(a: Lane, b: Lane): boolean {
  if (a.kind === 'batch') return b.kind === 'batch' && a.channel === b.channel;
  if (a.kind === 'wireguard') return b.kind === 'wireguard' && a.interface === b.interface;
  return b.kind === 'single' && a.change === b.change;
}

function mayFollow(first: Change | undefined, next: Change): boolean {
  if (first === undefined || isRemoval(first) !== isRemoval(next)) return false;
  return !isRemoval(next) || first.kind === next.kind;
}

function isRemoval(change: Change): boolean {
  return change.kind.endsWith('.delete');
}

async function carryOut(
  deps: ApplyDeps,
  lane: Lane,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  if (changes.length === 0) return [];
  if (lane.kind === 'wireguard') return setWireguard(deps, changes);
  if (lane.kind === 'batch') return deps.batches[lane.channel].run(changes.map((change) => batchLine(change)?.line ?? ''));
  const reasons: (string | undefined)[] = [];
  for (const change of changes) reasons.push(await carryOutOne(deps, change, signal));
  return reasons;
}

async function carryOutOne(deps: ApplyDeps, change: Change, signal: AbortSignal): Promise<string | undefined> {
  switch (change.kind) {
    case 'sysctl.set':
      return deps.sysctls.write(change.name, change.value);
    case 'wireguard.add':
      return deps.devices.add(change.name, signal);
    case 'firewall.set':
      return setFirewall(deps.runner, change);
    case 'firewall.delete':
      return nft(deps.runner, FIREWALL_REMOVAL);
    case 'cni.write':
      return deps.cni.write(change.text, change.over);
    case 'cni.delete':
      return deps.cni.delete();
    case 'cni.disable':
      return deps.cni.disable(change.file);
    case 'cni.restore':
      return deps.cni.restore(change.file);
    case 'forward.add':
      return deps.forward.add(change.chain, change.rule);
    case 'forward.delete':
      return deps.forward.delete(change.chain, change.rule);
    case 'conntrack.forget':
      deps.conntrack.forget(change.prefixes);
      return undefined;
    default:
      throw new Error(`nothing carries out: ${changeText(change)}`);
  }
}

async function setFirewall(runner: Runner, { firewall, elements }: Extract<Change, { kind: 'firewall.set' }>): Promise<string | undefined> {
  const failed = elements === undefined ? 'all of it' : await nft(runner, elements);
  return failed === undefined ? undefined : nft(runner, firewallText(firewall));
}

async function nft(runner: Runner, stdin: string): Promise<string | undefined> {
  const result = await runner.run(['nft', '-f', '-'], { stdin });
  return result.ok ? undefined : result.message;
}

/** The kernel's messages for a removal of what is not there, and for an addition of what is. */
function isAlreadySo(change: Change, reason: string): boolean {
  return isRemoval(change)
    ? /No such|Cannot find|does not exist|Cannot assign requested address/.test(reason)
    : change.kind === 'rule.add' && reason.includes('File exists');
}
