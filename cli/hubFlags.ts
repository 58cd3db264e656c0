/**
 * The flags that say where the hub is, shared by every verb that asks it.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_NAMESPACE } from '../core/api/names.js';

export interface HubFlags {
  readonly hub?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: string;
}

export function addHubFlags(command: Command): Command {
  const clusterFlags = ['kubeconfig', 'context'];
  return command
    .addOption(new Option('--hub <url>', "the hub's own address, such as http://localhost:8080").argParser(httpUrl).conflicts(clusterFlags))
    .addOption(new Option('--kubeconfig <file>', 'of the cluster the hub runs in (default: $KUBECONFIG or ~/.kube/config)'))
    .addOption(new Option('--context <name>', 'context in the kubeconfig (default: its current one)'))
    .addOption(new Option('-n, --namespace <name>', 'namespace the hub runs in').default(DEFAULT_NAMESPACE));
}

function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidArgumentError('It must look like http://localhost:8080.');
  }
  return text;
}
