/** Notices on their way: by mail with a template of their own, or as a signed body to a webhook. */
import { join } from 'node:path';
import { PRIORITY_OF } from '../values/notices.js';
import type { NoticeEventName, NoticePriority } from '../values/notices.js';
import type { Mail } from '../config/types.js';
import { noticeSentence } from '../documents/notice.js';
import type { NoticePayload } from '../documents/notice.js';
import { compileNotices, renderNotice } from '../documents/templates.js';
import type { NoticeTemplates } from '../documents/templates.js';
import { canonicalJson } from '../values/digest.js';
import type { Instant } from '../values/time.js';
import { loadTemplateSources } from '../world/template-files.js';
import type { Mailer, SendOutcome } from '../world/types.js';
import { postWebhook } from '../world/webhook.js';
import type { Context } from './context.js';
import { tell } from './context.js';
import { SCHEMA_VERSION } from './results.js';

/** A notice as it lies in the outbox. */
export interface QueuedNotice {
  readonly message_id: string;
  readonly recipients: string;
  readonly payload: string;
  readonly at: Instant;
}

/** What a webhook gets. */
export interface NoticeBody {
  readonly schema_version: number;
  /** The same on every attempt, also in the header Duebook-Id. */
  readonly id: string;
  readonly event: NoticeEventName;
  readonly priority: NoticePriority;
  /** Instant of the event. */
  readonly at: string;
  /** One sentence for people; chat services that take `text` show it as it is. */
  readonly text: string;
  readonly data: NoticePayload;
}

/** SQL over `m` (messages): goes to a webhook. An address has an @, a webhook's name has none. */
export const TO_WEBHOOK = "(m.kind <> 'invoice' AND NOT contains(m.recipients, '@'))";

/** The name of the webhook that a list of recipients is; null if they are addresses. */
export function webhookName(recipients: string): string | null {
  const [first] = JSON.parse(recipients) as string[];
  return first === undefined || first.includes('@') ? null : first;
}

/**
 * Prepares a notice; calling the result sends it. Everything that could fail in a template fails here. A webhook that is no longer in
 * the configuration cannot be reached: that is a failure for good.
 */
export async function noticeDelivery(
  context: Context, notice: QueuedNotice, mail: { readonly settings: Mail; readonly open: () => Mailer } | null,
): Promise<() => Promise<SendOutcome>> {
  const { config } = context;
  const payload = JSON.parse(notice.payload) as NoticePayload;
  const name = webhookName(notice.recipients);
  if (name !== null) {
    const to = config.notifications.find((each) => each.name === name);
    if (to === undefined || to.webhook === null || to.secret === null) {
      const error = `there is no webhook "${name}" under notifications any more`;
      return () => Promise.resolve({ status: 'failed', error, permanent: true });
    }
    const call = { url: to.webhook, secret: to.secret, id: notice.message_id, body: canonicalJson(bodyOf(context, notice, payload)) };
    return () => (context.world.doors?.webhook ?? postWebhook)(call);
  }
  if (mail === null) throw new Error('a notice by mail without mail in the configuration');
  const { from } = mail.settings;
  const body = renderNotice(await templatesOf(context), payload, config.locale);
  const message = {
    message_id: `${notice.message_id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}`, from,
    to: JSON.parse(notice.recipients) as string[], bcc: [], reply_to: null, ...body, date: new Date(notice.at), attachments: [],
  };
  return () => mail.open().send(message);
}

function bodyOf(context: Context, { message_id, at }: QueuedNotice, payload: NoticePayload): NoticeBody {
  return {
    schema_version: SCHEMA_VERSION, id: message_id, event: payload.event, priority: PRIORITY_OF[payload.event],
    at: tell(context.config, at), text: noticeSentence(payload, context.config.locale), data: payload,
  };
}

const compiled = new WeakMap<Context, Promise<NoticeTemplates>>();

/** The issuer's templates, compiled when the first notice goes by mail. */
function templatesOf(context: Context): Promise<NoticeTemplates> {
  const { config, world } = context;
  let templates = compiled.get(context);
  if (templates === undefined) {
    templates = loadTemplateSources(config.root, join(world.package_root, 'templates'), config.templates).then(compileNotices);
    compiled.set(context, templates);
  }
  return templates;
}
