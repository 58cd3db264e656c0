/**
 * The virtual machine that the tests of this process are for, as `in-kernel` (main.ts) says it in the environment.
 */

export const VM_VARIABLE = 'KILOFED_VM';
export const VM_LACKS_VARIABLE = 'KILOFED_VM_LACKS';

/** `lacks`: why there is none. Undefined: the tests are for this machine itself. */
export const VM: { readonly folder: string } | { readonly lacks: string } | undefined = current();

function current(): typeof VM {
  const [folder, lacks] = [process.env[VM_VARIABLE], process.env[VM_LACKS_VARIABLE]];
  if (lacks !== undefined) return { lacks };
  return folder === undefined ? undefined : { folder };
}

/** The scenarios of test/host, each one file there. */
export function scenarioBundle(folder: string): string {
  return `${folder}/program/scenarioProgram.js`;
}
