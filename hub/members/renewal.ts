/**
 * Renews the token of a member's kubeconfig at half of its life, and writes it back to the Secret that the kubeconfig came from.
 *
 * The old token is replaced only by one that was tried: with the new kubeconfig, the same cluster must answer. The hub goes over to it
 * when its Secret says so, as with any other change. Until then, and whatever fails, the old one stays in use, for the other half of its
 * life.
 */
import type { Problem } from '../../core/api/problem.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { createInterruptiblePause } from '../../core/runtime/pause.js';
import type { Result } from '../../core/runtime/result.js';
import type { CredentialLifetime, KubeClient, KubeResult } from '../../kube/wire/client.js';
import type { KubeconfigInUse } from './credentials.js';
import type { Connect, SecretPlace } from './declaration.js';
import type { Verify } from './memberClient.js';
import { MIN_TOKEN_SECONDS, requestToken } from './requestToken.js';

/** Writes a kubeconfig to the Secret, if it is still the object and version that was read. */
export type ReplaceKubeconfig = (place: SecretPlace, kubeconfig: string, signal: AbortSignal) => Promise<KubeResult<unknown>>;

export interface CredentialsEnd {
  /** RFC 3339. */
  readonly end: string;
  /** Whole days. Less than zero: it has ended. */
  readonly daysLeft: number;
}

interface Renewal {
  /** When the credentials in use end. Undefined: nothing is known of an end. */
  ends(): CredentialsEnd | undefined;
  problems(): readonly Problem[];
  /** The kubeconfig changed. */
  changed(): void;
  /** Runs until `signal` aborts. */
  run(client: KubeClient, signal: AbortSignal): Promise<void>;
}

interface RenewalDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly connect: Connect;
  readonly verify: Verify;
  readonly inUse: () => KubeconfigInUse | undefined;
  /** Of several hubs that have the kubeconfig, one renews it. */
  readonly isActive: () => boolean;
  /** Undefined: there is no home cluster to write to. */
  readonly replaceKubeconfig: ReplaceKubeconfig | undefined;
}

/** How often a hub that stands by looks whether it has become the active one. */
const STANDBY_MS = 60_000;
/** No timer is as long as a token may live, and the machine may have slept. */
const LOOK_MS = 6 * 3_600_000;
const DAY_MS = 86_400_000;
const RETRY = { shareOfLife: 1 / 32, minMs: 20_000, maxMs: 3_600_000 } as const;
/** Where something puts back the old kubeconfig, such as a repository that is applied over and over, it is not fought. */
const AGAIN = 1 / 8;
const WARN_AT = 1 / 4;

export function createRenewal(deps: RenewalDeps): Renewal {
  const { clock, log } = deps;
  const wait = createInterruptiblePause(clock);
  let failure: string | undefined;
  /** Wall clock. */
  let notBefore = 0;

  function due(lifetime: CredentialLifetime): number {
    return Math.max(notBefore, lifetime.since + (lifetime.until - lifetime.since) / 2);
  }

  async function renew(client: KubeClient, kubeconfig: Renewable, signal: AbortSignal): Promise<void> {
    const { lifetime } = kubeconfig;
    // A member may write into its token what it likes; each one is written to the home cluster.
    const life = Math.max(lifetime.until - lifetime.since, MIN_TOKEN_SECONDS * 1000);
    const renewed = await attempt(client, kubeconfig, signal);
    if (signal.aborted) return;
    failure = renewed.ok ? undefined : renewed.error;
    notBefore = clock.wall() + (renewed.ok ? life * AGAIN : clamp(life * RETRY.shareOfLife, RETRY.minMs, RETRY.maxMs));
    if (renewed.ok) log.info('The token of a member was renewed', { ends: new Date(renewed.value).toISOString() });
    else log.warn('The token of a member cannot be renewed', { reason: failure, ends: new Date(lifetime.until).toISOString() });
  }

  /** Returns when the new token ends. */
  async function attempt(client: KubeClient, { text, place, lifetime, replace }: Renewable, signal: AbortSignal): Promise<Result<number>> {
    const token = await requestToken(client, lifetime, signal);
    if (!token.ok) return token;
    const next = text.replaceAll(lifetime.account.token, token.value);
    const connected = deps.connect(next, place);
    if (!connected.ok) return { ok: false, error: `the kubeconfig with the new token cannot be used: ${connected.error}` };
    const { client: tried, lifetime: granted } = connected.value;
    try {
      if (granted?.account?.token !== token.value || granted.until <= lifetime.until)
        return { ok: false, error: 'the new token does not end later, or is not written out in the kubeconfig' };
      const refusal = await deps.verify(tried);
      if (refusal !== undefined) return { ok: false, error: `the new token was not accepted: ${refusal.message}` };
    } finally {
      tried.close();
    }
    const written = await replace(place, next, signal);
    return written.ok
      ? { ok: true, value: granted.until }
      : { ok: false, error: `secret ${place.namespace}/${place.name} cannot be written: ${written.error.message}` };
  }

  return {
    ends() {
      const until = deps.inUse()?.lifetime?.until;
      return until === undefined
        ? undefined
        : { end: new Date(until).toISOString(), daysLeft: Math.floor((until - clock.wall()) / DAY_MS) };
    },
    problems() {
      const lifetime = deps.inUse()?.lifetime;
      if (lifetime === undefined || lifetime.until - clock.wall() > (lifetime.until - lifetime.since) * WARN_AT) return [];
      return [endsSoon(lifetime, failure)];
    },
    changed() {
      wait.interrupt();
    },
    async run(client, signal) {
      while (!signal.aborted) {
        const kubeconfig = renewable(deps.inUse(), deps.replaceKubeconfig);
        if (kubeconfig !== undefined && deps.isActive() && due(kubeconfig.lifetime) <= clock.wall())
          await renew(client, kubeconfig, signal);
        const next = renewable(deps.inUse(), deps.replaceKubeconfig);
        const inMs = next === undefined ? LOOK_MS : due(next.lifetime) - clock.wall();
        await wait.pause(clamp(inMs, deps.isActive() ? 1_000 : STANDBY_MS, LOOK_MS), signal);
      }
    },
  };
}

interface Renewable {
  readonly text: string;
  readonly place: SecretPlace;
  readonly lifetime: CredentialLifetime & Required<Pick<CredentialLifetime, 'account'>>;
  readonly replace: ReplaceKubeconfig;
}

/** Undefined: it is not the hub's to renew. */
function renewable(inUse: KubeconfigInUse | undefined, replace: ReplaceKubeconfig | undefined): Renewable | undefined {
  const account = inUse?.lifetime?.account;
  if (inUse?.lifetime === undefined || account === undefined || inUse.place.kind !== 'secret' || replace === undefined) return undefined;
  return { text: inUse.text, place: inUse.place, lifetime: { ...inUse.lifetime, account }, replace };
}

function endsSoon({ kind, until }: CredentialLifetime, failure: string | undefined): Problem {
  const what = kind === 'token' ? 'the token' : 'the client certificate';
  const why = failure === undefined ? '' : `, and could not be renewed (${failure})`;
  return {
    subject: { kind: 'member' },
    reason: 'CredentialsExpire',
    message: `${what} of its kubeconfig ends at ${new Date(until).toISOString()}${why}`,
    remedy: 'give the hub a new kubeconfig, as examples/multicluster/make-kubeconfig.sh prints it',
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
