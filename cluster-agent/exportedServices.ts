/**
 * Which Services of this cluster are exported, and to whom: by their annotations, by ServiceExports that people made, and by what their
 * namespaces say. The hub decides by the same functions.
 */
import { exportRequest } from '../core/services/annotations.js';
import { askedByNamespace, type NamespaceExport } from '../core/services/namespaceExport.js';
import type { ServiceFacts } from './exportFacts.js';

export interface ExportedService {
  /** `namespace/name`. */
  readonly key: string;
  /** The members that it names; absent: as the Mesh says. */
  readonly targets?: readonly string[];
  /** Other members may come by its ClusterIP, so that a gateway judges what leads to its endpoints on other nodes. */
  readonly byClusterIP?: true;
}

interface ExportAsks {
  readonly services: Iterable<ServiceFacts>;
  /** Annotations of ServiceExports, by `namespace/name`. */
  readonly serviceExports: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** By name, of those that export anything. */
  readonly namespaces: ReadonlyMap<string, NamespaceExport>;
}

export function exportedServices({ services, serviceExports, namespaces }: ExportAsks): ExportedService[] {
  return [...services].flatMap((service) => {
    const { namespace, name, annotations } = service;
    const key = `${namespace}/${name}`;
    const serviceExport = serviceExports.get(key);
    const inNamespace = askedByNamespace(namespaces.get(namespace), service);
    const request = exportRequest(annotations, {
      ...(serviceExport !== undefined && { serviceExport }),
      ...(inNamespace !== undefined && { namespace: inNamespace }),
    });
    if (request?.exported !== true) return [];
    const { targets, endpoints } = request;
    return [{ key, ...(targets !== undefined && { targets }), ...(endpoints === 'clusterip' && { byClusterIP: true as const }) }];
  });
}
