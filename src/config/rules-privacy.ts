/** Rules about what is kept of people. */
import type { Facts } from './facts.js';

/** Keys beside what they protect protect nothing. */
export function keysElsewhere(facts: Facts): void {
  const { keys } = facts.top('privacy') ?? {};
  if (keys === undefined) return;
  const plain = (path: string): string => path.replace(/^\.\//, '').replace(/\/+$/, '');
  for (const [key, folder] of [['ledger', facts.top('ledger') ?? 'data/ledger'], ['output', facts.top('output') ?? 'out']] as const) {
    if (plain(keys) !== plain(folder) && !plain(keys).startsWith(`${plain(folder)}/`)) continue;
    facts.error('CONFIG_VALUE', ['privacy', 'keys'], `privacy.keys is in the folder of \`${key}\`, ${folder}`,
      'name a folder that is copied and backed up apart from it, like ${DUEBOOK_PRIVACY_KEYS}');
  }
}
