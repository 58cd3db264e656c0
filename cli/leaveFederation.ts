/**
 * Takes a cluster out of its federation, by the hub: what came from it goes from the others, and what came from them goes from it.
 */
import type { FederationStatus } from '../core/api/status.js';
import type { Result } from '../core/runtime/result.js';
import type { Installation } from '../core/uninstall/installation.js';
import type { KubeClient } from '../kube/wire/client.js';
import { askHub } from './askHub.js';
import type { Cli } from './cli.js';
import { forgetMember } from './forgetMember.js';
import type { HubFlags } from './hubFlags.js';
import { deleteMember } from './memberSecret.js';
import { withCluster } from './withCluster.js';
import type { UninstallFlags } from './uninstallFlags.js';
import { readInstallation } from './readInstallation.js';
import { waitWhile } from './waitWhile.js';

const HUB_MS = 60_000;
/** Each look is a hundred requests. */
const PERIOD_MS = 500;

/** Resolves when nothing of the federation is left. The error says what is, or why nothing was begun, and what to do. */
export async function leaveFederation(
  client: KubeClient,
  found: Installation,
  flags: UninstallFlags,
  cli: Cli,
): Promise<Result<undefined>> {
  const hub = hubOf(found, flags);
  if (hub === undefined) {
    return refuse(
      `federation ${found.federation ?? 'of a hub that wrote here'} has this cluster. Name the cluster of its hub with --hub-context or ` +
        '--hub-kubeconfig, or remove the member there, and run this again. If there is no such hub any more, --force goes on',
    );
  }
  const hubMs = Math.min(flags.timeout, HUB_MS);
  let status: FederationStatus | undefined;
  const itself = (): Member | undefined => status?.members.find(({ clusterUid }) => clusterUid === found.uid);
  // It may be starting just now.
  const asked = await waitWhile(
    async () => {
      const answer = await askHub(hub, cli);
      if (!answer.ok) return answer;
      status = answer.value;
      const member = itself();
      return { ok: true, value: member === undefined || member.state === 'ready' ? undefined : stateText(member) };
    },
    { cli, timeoutMs: hubMs, periodMs: PERIOD_MS },
  );
  const member = itself();
  if (!asked.ok && member === undefined) return refuse(`${asked.error} If there is no such hub any more, --force goes on`);
  if (!asked.ok && member !== undefined) {
    return refuse(
      `${asked.error}. Without that it deletes nothing here. Mend it, and run this again, or remove ${member.id} there and say --force`,
    );
  }
  const id = member?.id;
  if (id !== undefined) {
    cli.err(`kilofed: ${id} leaves the federation\n`);
    const forgotten = await haveForgotten(id, { hub, hubMs, namespace: flags.namespace }, cli);
    if (!forgotten.ok) return forgotten;
  }
  let behind: string | undefined;
  const left = await waitWhile(
    async () => {
      const now = await readInstallation(client, flags.namespace);
      if (!now.ok) return now;
      const here = leftHere(now.value);
      if (id === undefined) return { ok: true, value: here };
      const answer = await askHub(hub, cli);
      if (!answer.ok) return answer;
      behind = answer.value.problems.find((each) => each.reason === 'LeftBehind' && each.message.startsWith(`${id} `))?.message;
      return { ok: true, value: behind === undefined ? (here ?? atOthers(id, answer.value)) : undefined };
    },
    // A hub that does not know the cluster may be deleting what it has here, and that takes no longer.
    { cli, timeoutMs: id === undefined ? hubMs : flags.timeout, periodMs: PERIOD_MS },
  );
  if (behind !== undefined) return refuse(`the hub cannot finish: ${behind}. Run this again with --force, which deletes it`);
  if (left.ok) return left;
  return refuse(
    id === undefined
      ? `the hub does not know this cluster any more, and yet: ${left.error}. Run this again with --force, which deletes what it wrote here`
      : `not finished: ${left.error}. Run this again to go on, or with --force to go on without the hub`,
  );
}

type Member = FederationStatus['members'][number];

function stateText({ id, state, reason }: Member): string {
  return `${id} is not ready for its hub (${state}${reason === undefined ? '' : `: ${reason}`})`;
}

interface Leaving {
  readonly hub: HubFlags;
  /** How long the hub may take to hear of it. */
  readonly hubMs: number;
  /** Of the hub. */
  readonly namespace: string;
}

/** Takes its Secret away and says that it has left for good. One whose Secret went a moment ago, by a run that was broken off, has none. */
async function haveForgotten(id: string, { hub, hubMs, namespace }: Leaving, cli: Cli): Promise<Result<undefined>> {
  const declared = await withCluster(hub, cli, (home) => deleteMember(home, { namespace, id }));
  if (!declared.ok) return declared;
  const hadSecret = declared.value.length > 0;
  const forgotten = await waitWhile(
    async () => {
      const answer = await forgetMember(id, hub, cli);
      return answer.ok || answer.error.isUnknown ? { ok: true, value: undefined } : { ok: false, error: answer.error.message };
    },
    { cli, timeoutMs: hadSecret ? hubMs : 0, periodMs: PERIOD_MS },
  );
  if (forgotten.ok) return forgotten;
  return refuse(
    hadSecret
      ? `${forgotten.error}. Run this again to go on`
      : `no Secret declares ${id} to its hub: delete its file in --kubeconfig-dir there, and run this again (${forgotten.error})`,
  );
}

function leftHere({ mirrored, federation }: Installation): string | undefined {
  if (mirrored.length > 0) return `the hub removes ${mirrored.length} objects from this cluster`;
  return federation === undefined ? undefined : 'the hub lets go of this cluster';
}

/** Absent: nobody said where it is, and it is not here. */
function hubOf(found: Installation, flags: UninstallFlags): HubFlags | undefined {
  const { namespace, hub, hubKubeconfig, hubContext, kubeconfig, context } = flags;
  const isHere = hubKubeconfig === undefined && hubContext === undefined;
  if (isHere && hub === undefined && found.hub.length === 0) return undefined;
  const file = hubKubeconfig ?? kubeconfig;
  const named = isHere ? context : hubContext;
  return {
    namespace,
    ...(hub !== undefined && { hub }),
    ...(file !== undefined && { kubeconfig: file }),
    ...(named !== undefined && { context: named }),
  };
}

function atOthers(id: string, { members, services }: FederationStatus): string | undefined {
  if (members.some((member) => member.id === id)) return `the hub still has ${id}`;
  const there = services.filter(({ exporters }) => exporters.some(({ cluster }) => cluster === id)).length;
  return there === 0 ? undefined : `the hub removes ${there} Services of ${id} from the other members`;
}

function refuse(error: string): Result<never> {
  return { ok: false, error };
}
