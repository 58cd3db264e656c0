/**
 * A pod that keeps requesting a Service, fifty times a second by new connections, and what it saw.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run, sleep, until } from '../lab/process.js';
import { TOOLS_IMAGE } from '../lab/kubelet/images.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import type { KubeletNode } from '../lab/kubelet/node.js';
import type { Requests } from './requestProgram.js';

export interface Requester {
  /** What came of the requests while `act` ran and shortly before and after. One without an answer after `timeoutMs` has failed. */
  during(act: () => Promise<void>, timeoutMs?: number): Promise<Requests>;
}

const PROGRAM = fileURLToPath(new URL('requestProgram.js', import.meta.url));
const PORT = 9000;
/** Requests on their way when `act` ends, and a quiet time before it begins. */
const MARGIN_MS = 500;
/** How long an answer may take unless a test asks for less: a lost SYN is sent again after one second. */
const TIMEOUT_MS = 2000;

/** Starts pod `name` on `node`, in namespace demo, which must exist. Resolves when its requests are answered. */
export async function startRequester(cluster: KubeletCluster, node: KubeletNode, name: string, url: string): Promise<Requester> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'demo', labels: { app: name } },
    spec: {
      nodeName: node.name,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'requester',
          image: TOOLS_IMAGE,
          imagePullPolicy: 'IfNotPresent',
          env: [{ name: 'UV_THREADPOOL_SIZE', value: '32' }],
          command: ['node', '--input-type=module', '--eval', readFileSync(PROGRAM, 'utf8'), url, String(PORT)],
        },
      ],
    },
  };
  await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(pod) });
  await cluster.kubectl(['-n', 'demo', 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s'], { timeoutMs: 70_000 });
  const address = (await cluster.kubectl(['-n', 'demo', 'get', 'pod', name, '-o', 'jsonpath={.status.podIP}'])).trim();

  async function take(timeoutMs: number): Promise<Requests> {
    const script = `fetch('http://${address}:${PORT}/?timeout=${timeoutMs}').then((answer) => answer.text()).then(console.log)`;
    return JSON.parse(await run([...node.inside([process.execPath, '--eval', script])], { timeoutMs: 20_000 })) as Requests;
  }

  await until(`${url} to be answered`, 60_000, async () => {
    await sleep(MARGIN_MS);
    const { answered, failed } = await take(TIMEOUT_MS);
    return answered > 0 && failed.length === 0 ? true : undefined;
  });
  return {
    async during(act, timeoutMs = TIMEOUT_MS) {
      await take(timeoutMs);
      await sleep(MARGIN_MS);
      await act();
      await sleep(MARGIN_MS + timeoutMs);
      return take(timeoutMs);
    },
  };
}

/** The longest time, ms, in which every request that began failed. */
export function outageMs({ failed, runs }: Requests): number {
  let longest = 0;
  for (const { beganMs } of failed) {
    const before = Math.max(...runs.map(([, last]) => last).filter((last) => last < beganMs));
    const after = Math.min(...runs.map(([first]) => first).filter((first) => first > beganMs));
    longest = Math.max(longest, after - before);
  }
  return longest;
}
