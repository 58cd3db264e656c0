/**
 * What the conformance suite of kubernetes-sigs/mcs-api checks (v0.5.0, folder conformance), in our words, and the rules that check the
 * same here. Its tests need pods; those of ours that do are rules of 1.5.
 */
import type { RuleId } from './rules.js';

interface UpstreamCheck {
  readonly file: string;
  readonly checks: string;
  /** Optional ones depend on a feature that the API leaves to the implementation. */
  readonly required: boolean;
  readonly rules: readonly RuleId[];
}

const check = (file: string, required: boolean, checks: string, ...rules: readonly RuleId[]): UpstreamCheck => ({
  ...{ file: `${file}.go`, required, checks, rules },
});

export const UPSTREAM: readonly UpstreamCheck[] = [
  check(
    'service_import',
    true,
    'an import is there exactly as long as one of two clusters exports',
    '1.6.exists-while-exported',
    '1.6.last-export',
  ),
  check('service_import', false, 'only exported labels and annotations are in the import', '1.1.exportedLabels', '1.1.exportedAnnotations'),
  check('service_import', false, 'labels and annotations conflict', '1.3.exportedLabels', '1.3.exportedAnnotations'),
  check(
    'service_import',
    true,
    'a ClusterIP Service becomes a ClusterSetIP import in each cluster, and goes',
    '1.1.type',
    '1.6.last-export',
    '1.2.Valid',
  ),
  check('service_import', true, 'session affinity and its config are those of the Service', '1.1.sessionAffinity'),
  check('service_import', true, 'internalTrafficPolicy is that of the Service', '1.1.internalTrafficPolicy'),
  check('service_import', true, 'trafficDistribution is that of the Service', '1.1.trafficDistribution'),
  check('service_import', true, 'an IP for each IP family, in the same order', '1.4.ips', '1.1.ipFamilies'),
  check('service_import', true, 'ports are those of the Service', '1.1.ports'),
  check('service_import', true, 'the union of ports, with a conflict', '1.3.ports.union', '1.2.Conflict.all'),
  check('service_import', true, 'conflicting ports are resolved, and told on each export', '1.3.ports.name', '1.2.Conflict.all'),
  check('service_import', true, 'a headless Service becomes a Headless import in each cluster, and goes', '1.4.ips.headless'),
  check('service_import', true, 'a Headless import has no IP', '1.4.ips.headless'),
  check('service_import', true, 'ExternalName is invalid and has no import', '1.2.Valid.InvalidServiceType'),
  check('service_import', true, 'headlessness conflicts, told on each export', '1.3.headless'),
  check(
    'endpoint_slice',
    false,
    'an EndpointSlice with the labels in each cluster, gone on unexport',
    '1.4.slices.labels',
    '1.4.slices.managed-by',
    '1.4.slices.gone',
  ),
  check('connectivity', true, 'a Service that is not exported is not reached', '1.6.not-exported'),
  check('connectivity', false, 'an exported ClusterIP Service is reached by DNS', '1.5.a'),
  check('connectivity', false, 'a Service of two clusters, exported by one, is that one', '1.6.one-of-two'),
  check('connectivity', false, 'one name of a port, two numbers: only the cluster that exposes it', '1.3.ports.strict'),
  check('connectivity', false, 'two names of a port: each only in the cluster that exposes it', '1.3.ports.strict.union'),
  check('clusterip_service_dns', false, 'A and AAAA of a ClusterIP Service', '1.5.a'),
  check('clusterip_service_dns', false, 'SRV of a ClusterIP Service', '1.5.srv'),
  check('clusterip_service_dns', false, 'cluster.local resolves only the local Service', '1.6.own-name', '1.5.cluster-local'),
  check('headless_service_dns', false, 'A and AAAA of a headless Service are its ready endpoints', '1.5.headless'),
  check('headless_service_dns', false, 'hostname and cluster id name one endpoint', '1.5.hostname', '1.4.slices.hostnames'),
  check('headless_service_dns', false, 'SRV of a headless Service', '1.5.headless.srv'),
];
