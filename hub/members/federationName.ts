/** Name of a federation: a DNS label. What a member says may be anything, and people copy commands that name it. */
export function isFederationName(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
}
