/**
 * Every code a user can meet, with the exit code of its class:
 * 3 done but parked or undelivered · 4 config invalid · 5 input data rejected · 6 ledger moved or locked, retry is safe
 * · 7 integrity violation, never retry · 64 usage. A test holds this list equal to the folders of `test/errors/`.
 */
export const CODES = {
  // config (4)
  CONFIG_NOT_FOUND: 4,
  CONFIG_UNREADABLE: 4,
  CONFIG_SYNTAX: 4,
  CONFIG_DUPLICATE_KEY: 4,
  CONFIG_UNKNOWN_KEY: 4,
  CONFIG_MISSING_KEY: 4,
  CONFIG_VALUE: 4,
  CONFIG_ENV: 4,
  CONFIG_INCLUDE: 4,
  CONFIG_REFERENCE: 4,
  CONFIG_CYCLE: 4,
  CONFIG_TIMEZONE: 4,
  CONFIG_NUMBERING: 4,
  CONFIG_TEMPLATE: 4,
  OVERRIDE_UNKNOWN: 4,
  OVERRIDE_LATE: 4,
  APPROVAL_VALUE: 4,
  APPROVAL_UNKNOWN: 4,
  APPROVAL_STALE: 4,
  // bookings (5)
  BOOKINGS_NO_FILES: 5,
  BOOKINGS_NO_ROWS: 5,
  BOOKINGS_UNREADABLE: 5,
  BOOKINGS_SHARED_FILE: 5,
  BOOKINGS_COLUMNS: 5,
  BOOKING_VALUE: 5,
  BOOKING_DUPLICATE: 5,
  BOOKING_CUSTOMER: 5,
  BOOKING_PRICE: 5,
  BOOKING_TAX: 5,
  BOOKING_CHANGED: 5,
  CONTROL_MISMATCH: 5,
  // parked customers and undelivered messages (3)
  PARKED_LIMIT: 3,
  MAIL_FAILED: 3,
  MAIL_UNCERTAIN: 3,
  // ledger (6, 7)
  LEDGER_LOCKED: 6,
  LEDGER_MOVED: 6,
  LEDGER_UNREACHABLE: 6,
  SYSTEM_REFUSED: 6,
  DIGEST_STALE: 6,
  LEDGER_DAMAGED: 7,
  LEDGER_NEWER: 7,
  LEDGER_FOREIGN: 7,
  LEDGER_STORE_UNSAFE: 7,
  BOOKINGS_UNACCOUNTED: 7,
  PRIVACY_KEY: 7,
  DOCUMENT_UNKNOWN: 7,
  // usage (64)
  USAGE: 64,
  UNKNOWN_BATCH: 64,
  TOO_EARLY: 64,
  UNKNOWN_INVOICE: 64,
  INVOICE_VOID: 64,
  INVOICE_SENT: 64,
  INVOICE_CORRECTED: 64,
  CREDIT_TOO_MUCH: 64,
  UNKNOWN_CUSTOMER: 64,
  FORGET_REFUSED: 64,
  AS_OF: 64,
  QUERY_FAILED: 64,
} as const;

/** A stable error code; see {@link CODES}. */
export type Code = keyof typeof CODES;
