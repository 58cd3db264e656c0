/**
 * The flags that say which cluster is meant, for every verb that talks to one.
 */
import { type Command, Option } from 'commander';

/** `whose`: which cluster it is. */
export function addClusterFlags(command: Command, whose = 'the cluster'): Command {
  return command
    .addOption(new Option('--kubeconfig <file>', `kubeconfig of ${whose} (default: $KUBECONFIG or ~/.kube/config)`))
    .addOption(new Option('--context <name>', 'context of the kubeconfig (default: its current-context)'));
}
