/** The events that the team can be told of, and how urgent each is. */

/** From the least urgent. */
export const NOTICE_PRIORITIES = ['low', 'normal', 'high'] as const;
export const NOTICE_EVENTS = ['batch_ready', 'deadline_near', 'batch_processed', 'customers_parked', 'run_failed'] as const;

export type NoticePriority = (typeof NOTICE_PRIORITIES)[number];
export type NoticeEventName = (typeof NOTICE_EVENTS)[number];

export const PRIORITY_OF: Readonly<Record<NoticeEventName, NoticePriority>> = {
  batch_ready: 'normal', deadline_near: 'high', batch_processed: 'low', customers_parked: 'high', run_failed: 'high',
};

/** Whether somebody with these settings is told of an event. */
export function isTold(
  to: { readonly events: readonly NoticeEventName[]; readonly priority: NoticePriority }, event: NoticeEventName,
): boolean {
  return to.events.includes(event) && NOTICE_PRIORITIES.indexOf(PRIORITY_OF[event]) >= NOTICE_PRIORITIES.indexOf(to.priority);
}
