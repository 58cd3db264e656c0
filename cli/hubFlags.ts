/**
 * The flags that say where the hub is, for every verb that asks it.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_NAMESPACE } from '../core/api/names.js';
import { addClusterFlags } from './clusterFlags.js';

export interface HubFlags {
  readonly hub?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: string;
}

export function addHubFlags(command: Command): Command {
  const clusterFlags = ['kubeconfig', 'context'];
  return addClusterFlags(command, "the hub's cluster")
    .addOption(new Option('--hub <url>', "the hub's own address, such as http://localhost:8080").argParser(httpUrl).conflicts(clusterFlags))
    .addOption(new Option('-n, --namespace <name>', 'namespace of the hub').default(DEFAULT_NAMESPACE));
}

/** Of a flag. */
export function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidArgumentError('It must look like http://localhost:8080.');
  }
  return text;
}
