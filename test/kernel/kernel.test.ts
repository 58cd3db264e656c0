/**
 * The host half of the node-agent on a kernel of its own, in a virtual machine, with that kernel's WireGuard.
 */
import { testAdopt } from '../host/wireguardCases.js';
import { describeOnHost } from '../host/world.js';

describeOnHost('on a kernel of its own', () => testAdopt('kernel'));
