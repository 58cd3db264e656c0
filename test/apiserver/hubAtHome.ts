/**
 * The hub's own token at home, stolen: everything that somebody tries in the home cluster with it.
 */
import { RESOURCE, resourcePath } from '../../core/api/resources.js';
import { event, lease } from './rbacObjects.js';
import { merge, path, read, remove, type Request, type Theft, theft } from './theft.js';

const DECLARES = 'the hub may only change Secrets that declare members';
const RENEWS = 'the hub may only renew the kubeconfig of a Secret';
const CANNOT = 'cannot';
const KEPT = { type: 'Opaque', data: { kubeconfig: 'b2xk', other: 'eA==' } };

export const HUB_TOKEN_AT_HOME: readonly Theft[] = [
  theft("read all Secrets of the hub's namespace, and so hold every member's kubeconfig", read(resourcePath(RESOURCE.secret, 'kilofed'))),
  theft('put another kubeconfig into the Secret of a member', change('member-west', { data: { kubeconfig: 'ZXZpbA==' } })),
  theft('tell anything by Events', { method: 'POST', path: resourcePath(RESOURCE.event, 'kilofed'), body: event('kilofed') }),
  theft('hold the Lease `kilofed-hub-active`, so that every replica stands by', holding('kilofed-hub-active', 'PUT')),
  theft('make a Lease of another name', holding('x', 'POST')),
  theft('hold a Lease that is there', holding('kilofed-hub', 'PUT'), CANNOT),
  theft('change a Secret that declares no member', change('unrelated', { data: { kubeconfig: 'eA==' } }), DECLARES),
  theft('make a Secret declare a member', change('unrelated', { metadata: { labels: { 'kilofed.io/cluster': 'evil' } } }), DECLARES),
  theft('call a member by another name', change('member-west', { metadata: { labels: { 'kilofed.io/cluster': 'east' } } }), DECLARES),
  theft('withdraw a member', change('member-west', { metadata: { labels: { 'kilofed.io/cluster': null } } }), DECLARES),
  theft(
    'let a member have other ranges',
    change('member-west', { metadata: { annotations: { 'kilofed.io/allowed-cidrs': '0.0.0.0/1' } } }),
    RENEWS,
  ),
  theft(
    'let a member have other ranges, where none are declared',
    change('member-north', { metadata: { annotations: { 'kilofed.io/allowed-cidrs': '0.0.0.0/1' } } }),
    RENEWS,
  ),
  theft('have a Secret deleted with something else', change('member-west', { metadata: { ownerReferences: [owner()] } }), RENEWS),
  theft('add a key', change('member-west', { data: { more: 'eA==' } }), RENEWS),
  theft('change another key', change('member-west', { data: { other: 'eQ==' } }), RENEWS),
  theft('remove a key', change('member-west', { data: { other: null } }), RENEWS),
  theft('remove the kubeconfig', change('member-west', { data: { kubeconfig: null } }), RENEWS),
  theft('put a kubeconfig where none is', change('member-north', { data: { kubeconfig: 'eA==' } }), RENEWS),
  theft(
    'make a Secret by applying it',
    {
      method: 'PATCH',
      path: path(RESOURCE.secret, 'new', 'kilofed'),
      body: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'new', namespace: 'kilofed', labels: { 'kilofed.io/cluster': 'evil' } },
        ...KEPT,
      },
    },
    CANNOT,
  ),
  theft('make a Secret', { method: 'POST', path: resourcePath(RESOURCE.secret, 'kilofed'), body: { metadata: { name: 'new' } } }, CANNOT),
  theft('delete a Secret', remove(RESOURCE.secret, 'member-west', 'kilofed'), CANNOT),
  theft('read Secrets of other namespaces', read(resourcePath(RESOURCE.secret, 'demo')), CANNOT),
  theft('run a pod', { method: 'POST', path: resourcePath(RESOURCE.pod, 'kilofed'), body: { metadata: { name: 'x' } } }, CANNOT),
  theft('read Services', read(resourcePath(RESOURCE.service)), CANNOT),
  theft('read Peers', read(resourcePath(RESOURCE.peer)), CANNOT),
];

function holding(name: string, method: 'PUT' | 'POST'): Request {
  const at = method === 'PUT' ? path(RESOURCE.lease, name, 'kilofed') : resourcePath(RESOURCE.lease, 'kilofed');
  return { method, path: at, body: { ...lease(name), spec: { holderIdentity: 'thief' } } };
}

function change(name: string, body: object): Request {
  return merge(RESOURCE.secret, name, body, 'kilofed');
}

function owner(): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' };
}
