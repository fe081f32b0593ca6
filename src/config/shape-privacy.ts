/** The written shape of what is kept of people, and how long. */
import { maybe, record, text, whole } from './shape-words.js';

export const privacy = record({
  keys: text('path', 'Folder of the keys of customers, outside of git and of the ledger; it is made. Take it from the environment: '
    + '${DUEBOOK_PRIVACY_KEYS}.'),
}, 'With it, names and addresses of customers are encrypted in the ledger with a key for each customer, so that `duebook forget` can '
  + 'forget one. Turn it on before the first invoice: what was committed before stays readable.');

export const retention = record({
  invoices: maybe(whole(0, 30, 'Years that an invoice or credit note has to be kept, from the end of its year. Default 8, as in Germany.')),
  books: maybe(whole(0, 30, 'Years that journals and the ledger as a whole have to be kept. Default 10, as in Germany.')),
}, 'How long the law asks you to keep what; before that nobody can be forgotten.');
