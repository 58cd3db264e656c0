/**
 * What a `CiliumNode` says of the addresses of the pods of the Node of the same name, in each of Cilium's ways to give them
 * (Cilium docs, network/concepts/ipam): ranges (cluster-pool, kubernetes), ranges of several pools (multi-pool), or single addresses (crd,
 * eni, azure, alibabacloud).
 */
import * as z from 'zod';
import type { KubeObject } from '../api/resources.js';
import { sortCidrs } from '../net/cidr.js';

const addresses = z.record(z.string(), z.unknown()).nullish();

const ciliumNodeSchema = z.object({
  spec: z
    .object({
      ipam: z
        .object({
          podCIDRs: z.array(z.string()).nullish(),
          pools: z.object({ allocated: z.array(z.object({ cidrs: z.array(z.string()).nullish() })).nullish() }).nullish(),
          pool: addresses,
        })
        .nullish(),
    })
    .nullish(),
  status: z.object({ ipam: z.object({ used: addresses }).nullish() }).nullish(),
});

/** CIDRs, sorted; what is none is left out. Empty: it says nothing. */
export function ciliumRanges(object: KubeObject): readonly string[] {
  const { data } = ciliumNodeSchema.safeParse(object);
  const { podCIDRs, pools, pool } = data?.spec?.ipam ?? {};
  return sortCidrs([
    ...(podCIDRs ?? []),
    ...(pools?.allocated ?? []).flatMap(({ cidrs }) => cidrs ?? []),
    ...Object.keys(pool ?? {}),
    // An address that is being taken back from the pool is used until its pod ends.
    ...Object.keys(data?.status?.ipam?.used ?? {}),
  ]);
}
