/**
 * A hostile member as a process of its own: `node program.js SIZE`, as JSON. Says where it is, as JSON, in a line.
 */
import { serveHostile } from './server.js';
import type { Size } from './objects.js';

process.stdout.write(`${JSON.stringify(await serveHostile(JSON.parse(process.argv[2] ?? '') as Size))}\n`);
