/**
 * How much a GatewayReport tells, and how finely. Apart from its schema, so that who writes reports does not carry what reads them.
 */

/** Tunnels of one node; those beyond are left out, the ones that do not work last. */
export const MAX_REPORTED_LINKS = 2048;

/** Upper bounds of the buckets that a share of lost probes falls into, per cent; the first means less than half a per cent. */
export const LOSS_BUCKETS: readonly number[] = [0, 1, 5, 20, 100];
