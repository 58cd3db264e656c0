/**
 * Recognises the cluster behind a connection: it must be the one that the member's id stands for.
 */
import { ANNOTATION } from '../../core/api/names.js';
import type { Complaint } from '../../core/api/problem.js';
import { RESOURCE } from '../../core/api/resources.js';
import { callObject } from '../../kube/wire/apply.js';
import type { Place } from './declaration.js';
import type { Identities } from './identity.js';
import type { Verify } from './memberClient.js';

interface Recognition {
  readonly verify: Verify;
  /** Why the cluster that answered last is not this member. Undefined: it is, or none has answered yet, or it is not known yet. */
  refusal(): string | undefined;
  /** Told to all members that show one UID, those that are believed, too. */
  complaints(place: Place | undefined): readonly Complaint[];
}

const TIMEOUT_MS = 5_000;
const KUBE_SYSTEM = { resource: RESOURCE.namespace, name: 'kube-system' };
/** It stands in a command that people copy. */
const UID = /^[0-9A-Za-z][-0-9A-Za-z]{0,62}$/;

export function createRecognition(id: string, identities: Identities): Recognition {
  const refusal = (): string | undefined => refusalText(id, identities);
  return {
    refusal,
    async verify(client) {
      const found = await callObject(client, KUBE_SYSTEM, { method: 'GET', path: '/api/v1/namespaces/kube-system', timeoutMs: TIMEOUT_MS });
      if (!found.ok) return found.error;
      const uid: unknown = found.value.metadata.uid;
      if (typeof uid !== 'string' || !UID.test(uid)) return { kind: 'server', message: 'its namespace kube-system has no uid' };
      identities.show(id, uid);
      const message = refusal();
      if (message !== undefined) return { kind: 'forbidden', message };
      if (identities.verdict(id)?.kind !== 'waiting') return undefined;
      return {
        kind: 'other',
        message: `${others(id, identities)} shows the same UID: other members may tell whose it is, and are being read`,
      };
    },
    complaints(place) {
      const uid = identities.shown(id);
      const contenders = identities.contenders(id);
      if (uid === undefined || contenders.length === 0) return [];
      return [
        {
          reason: 'DuplicateUid',
          message: `${contenders.join(' and ')} show the same cluster, UID ${uid}`,
          remedy: `if it is ${id}, ${bindCommand(id, uid, place)}`,
        },
      ];
    },
  };
}

function refusalText(id: string, identities: Identities): string | undefined {
  const verdict = identities.verdict(id);
  switch (verdict?.kind) {
    case 'foreign':
      return (
        `cluster ${identities.shown(id)} answers, and its terms name another one: ` +
        `correct the kubeconfig, or ${ANNOTATION.clusterUid} beside it if the cluster is another one now`
      );
    case 'changed':
      return (
        'another cluster answers under this id than before: ' +
        'if that is intended, remove the kubeconfig, wait until the member is gone, and add it again'
      );
    case 'taken':
      return (
        `this cluster is already the member "${verdict.holder}": remove one of the two kubeconfigs, ` +
        `or say with ${ANNOTATION.clusterUid} which of them it is`
      );
    case 'contested':
      return `${others(id, identities)} shows the same cluster, so say which of them it is, with ${ANNOTATION.clusterUid}`;
    default:
      return undefined;
  }
}

function others(id: string, identities: Identities): string {
  return identities
    .contenders(id)
    .filter((each) => each !== id)
    .join(' and ');
}

function bindCommand(id: string, uid: string, place: Place | undefined): string {
  if (place?.kind === 'secret') {
    const { namespace, name } = place;
    return `run in the home cluster: kubectl -n ${namespace} annotate --overwrite secret ${name} ${ANNOTATION.clusterUid}=${uid}`;
  }
  return `write "${ANNOTATION.clusterUid}: ${uid}" into ${id}.member.yaml beside its kubeconfig`;
}
