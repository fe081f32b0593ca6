/** Text of others on its way into a table that people open in a spreadsheet. */

/** SQL: a text that a spreadsheet would take for a formula gets a leading apostrophe (OWASP, CSV injection). */
export function safeText(expression: string): string {
  return `CASE WHEN regexp_matches(${expression}, '^[=+\\-@\\t\\r\\n]') THEN '''' || ${expression} ELSE ${expression} END`;
}
