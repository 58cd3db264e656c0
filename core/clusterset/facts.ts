/**
 * What is known of a cluster's DNS when its zone clusterset.local is planned.
 */
import * as z from 'zod';

const texts = z.record(z.string(), z.string());

export const configMapSchema = z.object({
  metadata: z.object({ name: z.string(), resourceVersion: z.string().optional(), labels: texts.optional(), annotations: texts.optional() }),
  data: texts.optional(),
});

export type ConfigMap = z.infer<typeof configMapSchema>;

/** A Deployment or DaemonSet. */
export const workloadSchema = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    selector: z.object({ matchLabels: texts.optional() }).optional(),
    template: z.object({
      spec: z.object({
        serviceAccountName: z.string().optional(),
        containers: z.array(
          z.object({
            image: z.string().optional(),
            volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).optional(),
          }),
        ),
        volumes: z.array(z.object({ name: z.string(), configMap: z.object({ name: z.string().optional() }).optional() })).optional(),
      }),
    }),
  }),
});

export type Workload = z.infer<typeof workloadSchema>;

export interface DnsFacts {
  readonly namespace: string;
  /** The ConfigMap that holds the Corefile. */
  readonly config: ConfigMap;
  /** What runs with it; undefined: nothing in that namespace. */
  readonly server?: DnsServer;
  /** Whether the API server serves ServiceImports. */
  readonly kinds: boolean;
  /** Whether CoreDNS's account may list and watch them; undefined: who asks may not know. */
  readonly allowed?: boolean;
  /** The node-local cache that pods ask instead, and whether it sends the zone on to CoreDNS. */
  readonly nodeLocal?: { readonly name: string; readonly sendsZone: boolean };
}

export interface DnsServer {
  /** `Deployment coredns` */
  readonly name: string;
  readonly serviceAccount: string;
  readonly image: string;
  /** Labels of its pods. */
  readonly selector?: Readonly<Record<string, string>>;
  /** The ConfigMap whose `*.server` files the Corefile imports. */
  readonly further?: { readonly name: string; readonly existing?: ConfigMap };
}
