/**
 * UDP ports that the mesh takes on every host, beside those of its WireGuard interfaces: PROBE_PORT to VXLAN_PORT.
 */

/** Nobody listens here, so a host that is asked at this port says that it lives (node-agent/report/knock.ts). */
export const KNOCK_PORT = 51809;
/** Probes are answered here, and sent from here where they follow the ordinary routes. */
export const PROBE_PORT = 51810;
/** Probes by plane p are sent from this port + p. */
export const PLANE_PROBE_PORT = PROBE_PORT + 1;
/** Probes by the gateway of the own segment in slot s are sent from this port + s. */
export const RELAY_PROBE_PORT = PROBE_PORT + 5;
/** VXLAN inside a location. */
export const VXLAN_PORT = 51819;
