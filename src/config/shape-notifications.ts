/** The written shape of who of the team is told what; the events and how urgent each is. */
import { NOTICE_EVENTS, NOTICE_PRIORITIES } from '../values/notices.js';
import { choice, many, maybe, oneOrMany, record, text } from './shape-words.js';

export const notification = record({
  name: text('name-id', 'Short name of who is told; each is told of an event once.'),
  email: maybe(oneOrMany(text('email', 'An e-mail address.'), 'Told by e-mail; needs `mail`.')),
  webhook: maybe(text('webhook-url', 'Told by a signed POST to this https:// address. Take it from the environment: ${FINANCE_HOOK_URL}.')),
  secret: maybe(text('line', 'Key of the signature of a webhook. Take it from the environment: ${FINANCE_HOOK_SECRET}.')),
  events: maybe(many(choice(NOTICE_EVENTS, 'An event.'), 'What is told. Default: all events.')),
  priority: maybe(choice(NOTICE_PRIORITIES,
    'The least urgent that is told. batch_processed is low, batch_ready normal, the others high. Default low: everything.')),
}, 'Somebody of the team who is told, by e-mail or by webhook.');
