/**
 * Every encapsulation, by the Mesh's `encapsulationType`. One that the API names and this table lacks does not compile, nor the other way
 * round.
 */
import { cilium } from './cilium.js';
import type { EncapsulationType } from './device.js';
import { flannel } from './flannel.js';
import { ipip } from './ipip.js';
import type { Encapsulation } from './strategy.js';
import { vxlan } from './vxlan.js';

export const ENCAPSULATIONS: Readonly<Record<EncapsulationType, Encapsulation>> = { vxlan, ipip, flannel, cilium };

/** Of all of them. */
export const PLUGIN_DEVICES: ReadonlySet<string> = new Set(Object.values(ENCAPSULATIONS).flatMap(({ pluginDevices }) => pluginDevices));
