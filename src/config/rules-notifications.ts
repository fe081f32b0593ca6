/** Rules about who of the team is told. */
import type { Facts } from './facts.js';
import { isTold, NOTICE_EVENTS, PRIORITY_OF } from '../values/notices.js';
import type { Path } from './positions.js';

/** A name is part of what keeps somebody from being told twice. */
export function notificationNames(facts: Facts): void {
  const first = new Map<string, number>();
  for (const [index, { name }] of facts.notifications()) {
    const other = first.get(name);
    if (other === undefined) first.set(name, index);
    else {
      facts.error(
        'CONFIG_DUPLICATE_KEY', ['notifications', index, 'name'], `two notifications are called "${name}"`,
        'give each a name of its own', facts.place(['notifications', other, 'name']),
      );
    }
  }
}

/** Whoever asks only for what is less urgent than what is told would never be told. */
export function notificationEvents(facts: Facts): void {
  for (const [index, { name, events = NOTICE_EVENTS, priority = 'low' }] of facts.notifications()) {
    if (events.some((event) => isTold({ events, priority }, event))) continue;
    facts.error('CONFIG_VALUE', ['notifications', index, 'priority'],
      `notification ${name}: it is never told, all its events are less urgent than ${priority}`,
      `lower "priority", or leave it out (${events.map((event) => `${event} is ${PRIORITY_OF[event]}`).join(', ')})`);
  }
}

/** One way each; e-mail needs somebody who carries it, a webhook a key that proves who calls. */
export function notificationWays(facts: Facts): void {
  for (const [index, { name, email, webhook, secret }] of facts.notifications()) {
    const path: Path = ['notifications', index];
    const complain = (code: 'CONFIG_VALUE' | 'CONFIG_MISSING_KEY', at: Path, message: string, hint: string): void => {
      facts.error(code, at, `notification ${name}: ${message}`, hint);
    };
    if (email === undefined && webhook === undefined) {
      complain('CONFIG_MISSING_KEY', path, 'there is neither "email" nor "webhook"',
        'add email: [finance@example.com], or webhook: ${FINANCE_HOOK_URL}');
    }
    if (email !== undefined && webhook !== undefined) {
      complain('CONFIG_VALUE', [...path, 'webhook'], 'there is both "email" and "webhook"',
        'make two notifications of it, each with a name of its own');
    }
    if (webhook !== undefined && secret === undefined) {
      complain('CONFIG_MISSING_KEY', [...path, 'webhook'], 'a webhook needs the key "secret", which signs what is sent',
        'add secret: ${FINANCE_HOOK_SECRET}');
    }
    if (webhook === undefined && secret !== undefined) {
      complain('CONFIG_VALUE', [...path, 'secret'], '"secret" signs what a webhook gets; e-mail is not signed',
        'remove "secret"');
    }
    if (email !== undefined && !facts.isWritten('mail')) {
      complain('CONFIG_MISSING_KEY', [...path, 'email'], 'it is told by e-mail, and "mail" is missing',
        'add mail: { transport: smtp, url: ${SMTP_URL}, from: … }');
    }
  }
}
