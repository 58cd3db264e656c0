/**
 * Takes a cluster out of its federation, by the hub: what came from it goes from the others, and what came from them goes from it.
 */
import type { Result } from '../core/runtime/result.js';
import type { Installation } from '../core/uninstall/installation.js';
import type { KubeClient } from '../kube/wire/client.js';
import { type Answer, askHub } from './askHub.js';
import type { Cli } from './cli.js';
import { forgetMember } from './forgetMember.js';
import type { HubFlags } from './hubFlags.js';
import { deleteMember } from './memberSecret.js';
import { withCluster } from './withCluster.js';
import type { UninstallFlags } from './uninstallFlags.js';
import { readInstallation } from './readInstallation.js';
import { waitWhile } from './waitWhile.js';

const HUB_MS = 60_000;

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
  let status: Answer | undefined;
  // It may be starting just now.
  const asked = await waitWhile(
    async () => {
      status = await askHub(hub, cli);
      return status.ok ? { ok: true, value: undefined } : status;
    },
    { cli, timeoutMs: Math.min(flags.timeout, HUB_MS) },
  );
  if (!asked.ok || status?.ok !== true) return refuse(`${asked.ok ? '' : asked.error} If there is no such hub any more, --force goes on`);
  const id = status.value.members.find(({ clusterUid }) => clusterUid === found.uid)?.id;
  if (id !== undefined) {
    cli.err(`kilofed: ${id} leaves the federation\n`);
    const declared = await withCluster(hub, cli, (home) => deleteMember(home, { namespace: flags.namespace, id }));
    if (!declared.ok) return declared;
    if (declared.value.length === 0) {
      return refuse(`no Secret declares ${id} to its hub: delete its file in --kubeconfig-dir there, and run this again`);
    }
    const forgotten = await forgetMember(id, hub, cli);
    if (!forgotten.ok && !forgotten.error.isUnknown) return refuse(forgotten.error.message);
  }
  const left = await waitWhile(
    async () => {
      const now = await readInstallation(client, flags.namespace);
      if (!now.ok) return now;
      const { mirrored, federation } = now.value;
      if (mirrored.length > 0) return { ok: true, value: `the hub removes ${mirrored.length} objects from this cluster` };
      if (federation !== undefined) return { ok: true, value: 'the hub lets go of this cluster' };
      return id === undefined ? { ok: true, value: undefined } : atOthers(id, hub, cli);
    },
    { cli, timeoutMs: flags.timeout },
  );
  return left.ok ? left : refuse(`not finished: ${left.error}. Run this again to go on, or with --force to go on without the hub`);
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

async function atOthers(id: string, hub: HubFlags, cli: Cli): Promise<Result<string | undefined>> {
  const status = await askHub(hub, cli);
  if (!status.ok) return status;
  const { members, services } = status.value;
  if (members.some((member) => member.id === id)) return { ok: true, value: `the hub still has ${id}` };
  const there = services.filter(({ exporters }) => exporters.some(({ cluster }) => cluster === id)).length;
  return { ok: true, value: there === 0 ? undefined : `the hub removes ${there} Services of ${id} from the other members` };
}

function refuse(error: string): Result<never> {
  return { ok: false, error };
}
