/**
 * A Service with one slice, as the benchmark of propagation writes it into an exporter, and as the floor copies it.
 */

interface Sketch {
  readonly slice: object;
  service(exported: boolean): object;
}

export function sketchOf(name: string, port: number): Sketch {
  const namespace = 'demo';
  return {
    slice: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port, protocol: 'TCP' }],
      endpoints: [{ addresses: ['10.41.1.10'], conditions: { ready: true } }],
    },
    service: (exported) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, annotations: exported ? { 'kilofed.io/export': 'true' } : {} },
      spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
    }),
  };
}
