/**
 * The part of a changelog (Keep a Changelog) that tells of one version.
 */

/** Without its heading. @throws where there is no such part, or nothing in it. */
export function sectionOf(changelog: string, version: string): string {
  const lines = changelog.split('\n');
  const begin = lines.findIndex((line) => new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\]( - \\d{4}-\\d{2}-\\d{2})?$`).test(line));
  if (begin < 0) throw new Error(`CHANGELOG.md has no part "## [${version}] - YYYY-MM-DD"`);
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => /^## |^\[[^\]]+\]: /.test(line));
  const section = rest
    .slice(0, end < 0 ? undefined : end)
    .join('\n')
    .trim();
  if (section === '') throw new Error(`CHANGELOG.md has nothing about ${version}`);
  return `${section}\n`;
}
