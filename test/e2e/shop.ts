/**
 * An exported web server that ends with grace, on a node of its own choice: `shop` in namespace demo.
 */
import { TOOLS_IMAGE } from '../lab/kubelet/images.js';

export const SHOP_URL = 'http://shop.demo';

/** It answers with its pod's name. A pod that is to end serves three seconds more, until nobody sends to it. */
const SERVER = `
const server = require('http').createServer((question, answer) => answer.end(process.env.HOSTNAME));
server.listen(8080);
process.on('SIGTERM', () => server.close(() => process.exit(0)));`;

export interface ShopOptions {
  /** Where its pods run; absent: anywhere. */
  readonly node?: string;
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly portName?: string;
  /** Changes the pods. */
  readonly version?: string;
}

/** For `kubectl apply`: namespace, Deployment and Service. */
export function shopManifests(options: ShopOptions = {}): string {
  const { node, replicas = 2, annotations = { 'kilofed.io/export': 'true' }, portName = 'http', version = '1' } = options;
  const labels = { app: 'shop' };
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'shop', namespace: 'demo' },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: { labels: { ...labels, version } },
          spec: {
            ...(node !== undefined && { nodeSelector: { 'kubernetes.io/hostname': node } }),
            terminationGracePeriodSeconds: 10,
            containers: [
              {
                name: 'shop',
                image: TOOLS_IMAGE,
                imagePullPolicy: 'IfNotPresent',
                command: ['node', '--eval', SERVER],
                ports: [{ name: 'web', containerPort: 8080 }],
                readinessProbe: { httpGet: { port: 'web', path: '/' }, periodSeconds: 1 },
                lifecycle: { preStop: { exec: { command: ['sleep', '3'] } } },
              },
            ],
          },
        },
      },
    },
    shopService({ annotations, portName }),
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
}

function shopService({ annotations = {}, portName = 'http' }: Pick<ShopOptions, 'annotations' | 'portName'>): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop', namespace: 'demo', annotations },
    spec: { selector: { app: 'shop' }, ports: [{ name: portName, port: 80, targetPort: 'web' }] },
  };
}
