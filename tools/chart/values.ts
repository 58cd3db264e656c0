/**
 * What charts/kilofed can be told, as a schema: `values.schema.json` is made of it. It is closed wherever the fields are ours; what
 * Kubernetes defines (resources, affinity and so on) is left to the API server.
 */
import * as z from 'zod';

const OfKubernetes = z.record(z.string(), z.unknown());
const Mebibytes = z.int().min(64).max(65_536);
const Image = z.string().regex(/^[a-z0-9][^\s]*(:[\w.-]+|@sha256:[0-9a-f]{64})$/);
const Folder = z.string().regex(/^\/[\w./-]+$/);

const workload = {
  extraArgs: z.array(z.string()),
  resources: OfKubernetes,
  heapMebibytes: Mebibytes,
  priorityClassName: z.string(),
  nodeSelector: z.record(z.string(), z.string()),
  affinity: OfKubernetes,
  tolerations: z.array(OfKubernetes),
};

export const Values = z.strictObject({
  role: z.enum(['member', 'hub', 'both']),
  namespace: z.strictObject({ create: z.boolean() }),
  crds: z.strictObject({ install: z.boolean(), multicluster: z.boolean() }),
  agents: z.strictObject({ enabled: z.boolean() }),
  account: z.strictObject({ enabled: z.boolean(), createNamespaces: z.boolean() }),
  mesh: z.strictObject({ create: z.boolean(), spec: z.unknown() }),
  uninstall: z.strictObject({ enabled: z.boolean(), args: z.array(z.string()) }),
  images: z.strictObject({ agents: Image, hub: Image, redis: Image }),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
  imagePullSecrets: z.array(z.strictObject({ name: z.string().min(1) })),
  resourceQuota: z.strictObject({ create: z.boolean() }),
  cni: z.strictObject({ enabled: z.boolean(), configurations: Folder, plugins: Folder }),
  nodeAgent: z.strictObject({ ...workload, wireguard: z.enum(['auto', 'kernel', 'userspace']), updateStrategy: OfKubernetes }),
  clusterAgent: z.strictObject(workload),
  hub: z.strictObject({
    ...workload,
    replicas: z.int().min(0).max(9),
    redis: z.strictObject({
      mode: z.enum(['none', 'pod', 'secret']),
      secret: z.strictObject({ name: z.string().min(1), key: z.string().min(1) }),
    }),
  }),
  // What Helm hands to every chart that is part of another one.
  global: OfKubernetes.optional(),
});

/** As JSON Schema. `meshSpec`: that of a Mesh's spec. */
export function valuesSchema(meshSpec: object): object {
  const { properties, ...schema } = z.toJSONSchema(Values, { target: 'draft-7', io: 'input' });
  const mesh = properties?.['mesh'] as { readonly properties: object };
  return { ...schema, properties: { ...properties, mesh: { ...mesh, properties: { ...mesh.properties, spec: meshSpec } } } };
}
