/**
 * A Service with one slice, as the benchmark of propagation writes it into an exporter, and as the floor copies it.
 */

interface Sketch {
  readonly slice: object;
  service(exported: boolean): object;
}

/** Services whose names begin so are the floor's, those of the others the hub's. */
export const FLOOR = 'floor-';

/** What asks for a mirror: of the hub, and of the floor. Neither does the other's work. */
const ASK = 'kilofed.io/export';
const ASK_FLOOR = 'bench.example/export';

/** Namespaces of what is exported by the hundred: the hub takes a thousand of one. */
const SPREAD = 10;
export const NAMESPACES: readonly string[] = ['demo', ...Array.from({ length: SPREAD }, (_, n) => `many-${n}`)];

/** Of many, whose names end with their number. */
export function namespaceOf(name: string): string {
  const number = /many-\d+-(\d+)$/.exec(name)?.[1];
  return number === undefined ? 'demo' : `many-${Number(number) % SPREAD}`;
}

/** Whether a mirror of the floor's is asked for. */
export function asksFloor(annotations: Readonly<Record<string, string>> | undefined): boolean {
  return annotations?.[ASK_FLOOR] === 'true';
}

export function sketchOf(name: string, port: number): Sketch {
  const namespace = namespaceOf(name);
  const ask = name.startsWith(FLOOR) ? ASK_FLOOR : ASK;
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
      metadata: { name, namespace, annotations: exported ? { [ask]: 'true' } : {} },
      spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
    }),
  };
}
