/**
 * What `kilofed dns enable` and `kilofed dns disable` write, as objects; and why they write nothing.
 *
 * A CoreDNS that is told of the zone and cannot read ServiceImports is not ready, and with it the DNS of the whole cluster. So nothing is
 * changed before the kinds are there, the version is known, and its account has the right.
 */
import type { Result } from '../runtime/result.js';
import { coreDnsVersion, hasMulticluster, OLDEST_COREDNS } from './coreDnsVersion.js';
import type { ConfigMap, DnsFacts, DnsServer } from './facts.js';
import { CLUSTERSET_ZONE } from './stanza.js';
import { hasServerOf, reloads, servesZone, withoutZone, withZone } from './zone.js';

/** Of the ClusterRole and of its binding. */
export const READER_NAME = 'kilofed-coredns';

/** The key of our server block in the ConfigMap that the Corefile imports. */
export const SERVER_KEY = 'kilofed-clusterset.server';

/**
 * Where the distribution keeps the Corefile for itself and imports server blocks of people (k3s, AKS). A second kubernetes plugin may stand
 * in a block of its own; it follows ServiceImports and their EndpointSlices, and `noendpoints` saves it all others.
 */
const SERVER_BLOCK = `# Written by kilofed dns enable; kilofed dns disable takes it away.
${CLUSTERSET_ZONE}:53 {
    errors
    loadbalance
    kubernetes ${CLUSTERSET_ZONE} {
        multicluster ${CLUSTERSET_ZONE}
        noendpoints
    }
}
`;

interface PlanOptions {
  /** Of CoreDNS, as a person said it: the image need not tell it. */
  readonly version?: string;
  /** Also where somebody else may write the old Corefile again, or a node-local cache does not know the zone. */
  readonly force: boolean;
}

/** A ConfigMap of which one key changes. */
export interface ConfigChange {
  /** Without a resourceVersion: there is none yet. */
  readonly config: ConfigMap;
  readonly key: string;
  /** Undefined: the key goes. */
  readonly after: string | undefined;
}

export interface DnsPlan {
  /** Undefined: it is so already. */
  readonly change?: ConfigChange;
  /** CoreDNS's account, which needs the right to read ServiceImports. */
  readonly reader?: { readonly namespace: string; readonly name: string };
  /** What who runs the command should know. */
  readonly notes: readonly string[];
}

/** The error is for people, and says what to do. */
export function planEnable(facts: DnsFacts, options: PlanOptions): Result<DnsPlan> {
  const { namespace, config, server } = facts;
  if (server === undefined)
    return refuse(`no Deployment and no DaemonSet of ${namespace} mounts the ConfigMap ${config.metadata.name}. Is it CoreDNS's?`);
  const obstacle = obstacleOf(facts, server, options);
  if (obstacle !== undefined) return refuse(obstacle);
  const planned = planChange(facts, server, options);
  if (!planned.ok) return planned;
  const { change, notes } = planned.value;
  return { ok: true, value: { ...(change !== undefined && { change }), reader: { namespace, name: server.serviceAccount }, notes } };
}

/** `reader` is not planned here: CoreDNS needs its right until it has read the Corefile without the zone. */
export function planDisable(facts: DnsFacts): Result<DnsPlan> {
  const { config, server } = facts;
  const own = server?.further?.existing?.data?.[SERVER_KEY];
  if (server?.further?.existing !== undefined && own !== undefined)
    return {
      ok: true,
      value: {
        change: { config: server.further.existing, key: SERVER_KEY, after: undefined },
        notes: notesOf(corefileOf(config) ?? '', server),
      },
    };
  const before = corefileOf(config);
  if (before === undefined) return refuse(`the ConfigMap ${config.metadata.name} has no Corefile`);
  const after = withoutZone(before);
  if (!after.ok) return refuse(`${CANNOT_READ}: ${after.error}`);
  if (after.value === before) return { ok: true, value: { notes: [] } };
  return {
    ok: true,
    value: { change: { config, key: 'Corefile', after: after.value }, notes: notesOf(before, server) },
  };
}

/** Whether CoreDNS is told of the zone, by its Corefile or by our block beside it. The error says what is not understood. */
export function isTold({ config, server }: DnsFacts): Result<boolean> {
  if (server?.further?.existing !== undefined && blockIn(server.further.existing) !== undefined) return { ok: true, value: true };
  const corefile = corefileOf(config);
  return corefile === undefined ? refuse('there is no Corefile in it') : servesZone(corefile);
}

const CANNOT_READ = 'the Corefile is left as it is';

function obstacleOf({ kinds, nodeLocal }: DnsFacts, server: DnsServer, { version, force }: PlanOptions): string | undefined {
  const known = coreDnsVersion(version ?? server.image);
  if (known === undefined)
    return `the image ${server.image} does not tell the version of CoreDNS: say it with --coredns-version (coredns -version tells it)`;
  if (!hasMulticluster(known))
    return `CoreDNS ${known} would not start with this Corefile: its kubernetes plugin has multicluster since ${OLDEST_COREDNS}`;
  if (!kinds) return 'the API server has no ServiceImports, and CoreDNS would wait for them: apply manifests/crds-multicluster.yaml first';
  if (nodeLocal !== undefined && !nodeLocal.sendsZone && !force)
    return (
      `pods ask the node-local cache ${nodeLocal.name}, which does not send ${CLUSTERSET_ZONE} to CoreDNS: ` +
      'give it a server block as docs/clusterset-dns.md says, or go on with --force'
    );
  return undefined;
}

type Changed = Pick<DnsPlan, 'change' | 'notes'>;

function planChange({ config }: DnsFacts, server: DnsServer, { force }: PlanOptions): Result<Changed> {
  const before = corefileOf(config);
  if (before === undefined) return refuse(`the ConfigMap ${config.metadata.name} has no Corefile`);
  const after = withZone(before);
  if (!after.ok) return refuse(`${CANNOT_READ}: ${after.error}`);
  if (after.value === before) return { ok: true, value: { notes: [] } };
  if (server.further !== undefined) {
    const { name, existing } = server.further;
    const own = existing?.data?.[SERVER_KEY];
    if (own === SERVER_BLOCK) return { ok: true, value: { notes: [] } };
    const other = existing === undefined || own !== undefined ? undefined : blockIn(existing);
    if (other !== undefined)
      return { ok: true, value: { notes: [`${other} of the ConfigMap ${name} answers for ${CLUSTERSET_ZONE} already`] } };
    const change = { config: existing ?? { metadata: { name } }, key: SERVER_KEY, after: SERVER_BLOCK };
    return { ok: true, value: { change, notes: notesOf(before, server) } };
  }
  const keeper = keeperOf(config);
  if (keeper !== undefined && !force)
    return refuse(`${keeper} writes the ConfigMap ${config.metadata.name}, and may undo this: change it there, or go on with --force`);
  return {
    ok: true,
    value: { change: { config, key: 'Corefile', after: after.value }, notes: [...addOnNotes(config), ...notesOf(before, server)] },
  };
}

/** The add-on of EKS writes its own Corefile only when it is updated. */
function addOnNotes({ metadata: { labels = {} } }: ConfigMap): readonly string[] {
  return labels['eks.amazonaws.com/component'] === undefined
    ? []
    : ['where the EKS add-on writes this ConfigMap, give it the same Corefile as configuration value: an update may undo this'];
}

/** The key of a server block for the zone, in a ConfigMap of such. */
function blockIn({ data = {} }: ConfigMap): string | undefined {
  return Object.keys(data).find((key) => key.endsWith('.server') && hasServerOf(data[key] ?? ''));
}

/** Who keeps the ConfigMap as he wants it. */
function keeperOf({ metadata: { labels = {}, annotations = {} } }: ConfigMap): string | undefined {
  const release = annotations['meta.helm.sh/release-name'];
  if (release !== undefined) return `the Helm release ${release}`;
  if (labels['addonmanager.kubernetes.io/mode'] === 'Reconcile') return "Kubernetes' addon manager";
  if (labels['app.kubernetes.io/managed-by'] === 'Helm') return 'Helm';
  if (annotations['objectset.rio.cattle.io/hash'] !== undefined) return 'k3s or RKE2';
  return undefined;
}

function notesOf(corefile: string, server: DnsServer | undefined): readonly string[] {
  const [kind = 'Deployment', name = 'coredns'] = server?.name.split(' ') ?? [];
  return reloads(corefile)
    ? ['CoreDNS reads it within about two minutes']
    : [`the Corefile has no plugin reload: restart CoreDNS, as with kubectl rollout restart ${kind.toLowerCase()}/${name}`];
}

function corefileOf({ data }: ConfigMap): string | undefined {
  return data?.['Corefile'];
}

function refuse(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}
