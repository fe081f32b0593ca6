/** A period as a run sees it. */
import type { Period } from '../calendar/types.js';
import type { BusinessDayRule } from '../config/types.js';
import type { LocalDate } from '../values/time.js';

/** A period with what depends on the run: whether its preview is open, and which dates a document would bear. */
export interface RunPeriod extends Period {
  readonly previewed: boolean;
  /** Date of the document if confirmed by itself, and if confirmed at the run's as-of. */
  readonly issued_on: LocalDate;
  readonly issued_on_now: LocalDate;
  /** Local date of period_start. */
  readonly period_date: LocalDate;
  /** true: the part of the current period that is billed on demand. */
  readonly on_demand: boolean;
  /** How a due date moves off days off. */
  readonly due_shift: BusinessDayRule;
}
