-- What engines spell differently, as a handful of functions. Another engine brings its own prelude with the same names.

-- n / d for integers, rounded half away from zero, or half to even. d > 0. Half of d is added and what is over d cut off; where a tie
-- is to stay below, at an even quotient, one less. It names n as seldom as can be: every mention is a copy of what is handed in.
CREATE OR REPLACE MACRO div_round(n, d, half_even) AS
  (n + sign(n) * (d // 2 - CASE WHEN half_even AND d % 2 = 0 AND (n // d) % 2 = 0 THEN 1 ELSE 0 END)) // d;

-- quantity x price in minor units, rounded once. The narrow path (64 bits) serves nearly every row and is seven times as fast;
-- the wide one (128 bits) serves the rest; a test proves that both agree. NULL where the result does not fit 64 bits.
CREATE OR REPLACE MACRO line_amount(quantity_micro, price_micro, divisor, half_even) AS
  CASE WHEN abs(quantity_micro) <= 3000000000 AND abs(price_micro) <= 3000000000
    THEN CAST(div_round(quantity_micro * price_micro, divisor, half_even) AS BIGINT)
    ELSE TRY_CAST(div_round(CAST(quantity_micro AS HUGEINT) * price_micro, divisor, half_even) AS BIGINT)
  END;

-- A due date from the date of issue: so many days after it, or after the end of its month.
CREATE OR REPLACE MACRO due_date(issued_on, net_days, end_of_month) AS
  CASE WHEN end_of_month THEN last_day(issued_on) ELSE issued_on END + net_days;

-- A day moved off a day off, but not before `earliest`: `following` and `preceding` are its neighbours that are working days, NULL
-- where the day is one itself.
CREATE OR REPLACE MACRO shift_day(rule, day, following, preceding, earliest) AS
  CASE
    WHEN following IS NULL OR rule = 'none' THEN day
    WHEN rule = 'preceding' OR (rule = 'modified_following' AND month(following) <> month(day)) THEN greatest(preceding, earliest)
    ELSE following
  END;

-- The id of a batch: its billing date, the partner where partners are previewed apart, and whether it was made on demand.
CREATE OR REPLACE MACRO batch_name(billing_date, partner_id, on_demand) AS
  CAST(billing_date AS VARCHAR) || coalesce('-' || partner_id, '') || CASE WHEN on_demand THEN '-on-demand' ELSE '' END;

-- The id of an invoice. `apart`: 0 the customer's invoice of the period, 1 late bookings on an invoice of their own, 2 what is taken back on
-- a credit note of its own.
CREATE OR REPLACE MACRO invoice_name(invoice_stem, currency, apart) AS
  invoice_stem || '_' || lower(currency) || CASE apart WHEN 0 THEN '' WHEN 1 THEN '_late' ELSE '_credit' END;

-- A fingerprint of what a booking line shows, for the digest of a preview. It lives from a preview to its confirmation only, so it
-- may differ between versions of the engine (the content hash that the ledger keeps may not, and is an MD5).
CREATE OR REPLACE MACRO line_fingerprint(
  source, booking_id, product, description, unit, starts_at, ends_at, quantity_micro, price_micro, amount_minor, late) AS
  hash(source, booking_id, product, description, unit, starts_at, ends_at, quantity_micro, price_micro, amount_minor, late);

-- The same of a line that was converted, with its rate, the day of the rate and its source.
CREATE OR REPLACE MACRO exchanged_fingerprint(fingerprint, shown) AS
  CASE WHEN shown IS NULL THEN fingerprint ELSE hash(fingerprint, shown) END;

-- The last moment of a service, in the last of its days: its end is not part of it, unless it is an instant. It decides the rate of tax.
CREATE OR REPLACE MACRO last_moment(service_start, service_end) AS
  greatest(service_start, service_end - INTERVAL 1 MICROSECOND);

-- n / d for integers, rounded down. d > 0.
CREATE OR REPLACE MACRO div_floor(n, d) AS CASE WHEN n >= 0 THEN n // d ELSE -((d - 1 - n) // d) END;

-- What rounding n / d down cuts off, as a number from 0 to d - 1.
CREATE OR REPLACE MACRO div_rest(n, d) AS n - div_floor(n, d) * d;

-- n / d for wide integers, rounded, in 64 bits where they fit: dividing 128 bits takes twenty times as long. d > 0. Hand in columns.
CREATE OR REPLACE MACRO div_wide(n, d, half_even) AS
  CASE WHEN n BETWEEN -4000000000000000000 AND 4000000000000000000 AND d <= 4000000000000000000
    THEN CAST(div_round(CAST(n AS BIGINT), CAST(d AS BIGINT), half_even) AS HUGEINT)
    ELSE div_round(CAST(n AS HUGEINT), d, half_even)
  END;

-- n x over / under for integers, rounded once, and NULL where the product is beyond 10^35; the narrow path serves nearly every amount.
-- over >= 0, under > 0.
CREATE OR REPLACE MACRO scaled(n, over, under, half_even) AS
  CASE WHEN abs(n) <= 90000000000 AND over <= 100000000 AND under <= 100000000000000000
    THEN CAST(div_round(CAST(n AS BIGINT) * CAST(over AS BIGINT), CAST(under AS BIGINT), half_even) AS HUGEINT)
    ELSE div_round(times(n, over), under, half_even)
  END;

-- The tax on a net amount; the rate is in millionths of a percent.
CREATE OR REPLACE MACRO tax_on(net_minor, rate_micro, half_even) AS scaled(net_minor, rate_micro, 100000000, half_even);

-- A percentage of an amount below 10^15, in millionths of a percent, at most 100 %; the narrow path serves nearly every line.
CREATE OR REPLACE MACRO percent_of(minor, percent_micro, half_even) AS
  CASE WHEN abs(minor) <= 90000000000 THEN CAST(div_round(minor * percent_micro, 100000000, half_even) AS BIGINT)
    ELSE CAST(div_round(CAST(minor AS HUGEINT) * percent_micro, 100000000, half_even) AS BIGINT)
  END;

-- What a discount takes off one line: a percentage of it, or an amount, and never more than there is. A line below 0 has none, unless it
-- is one of usage, which gives back what was charged with it: then the percentage of it goes back, too.
CREATE OR REPLACE MACRO line_discount(left_minor, percent_micro, amount_minor, is_usage, half_even) AS
  CASE WHEN left_minor <= 0 AND NOT (is_usage AND percent_micro IS NOT NULL) THEN 0
    WHEN percent_micro IS NULL THEN least(amount_minor, left_minor)
    ELSE percent_of(left_minor, percent_micro, half_even)
  END;

-- Whether a line of an agreement is one of usage that gives back; bookings have a source, and sums no key.
CREATE OR REPLACE MACRO gives_usage_back(source, line_key, of_usage, left_minor) AS
  source IS NULL AND line_key IS NOT NULL AND of_usage AND left_minor < 0;

-- The net amount of one that includes the tax.
CREATE OR REPLACE MACRO net_of(gross_minor, rate_micro, half_even) AS
  scaled(gross_minor, 100000000, 100000000 + rate_micro, half_even);

-- An amount in the terms of an agreement: with the tax or without it, whichever way it is written.
CREATE OR REPLACE MACRO in_terms(amount_minor, with_tax, prices_with_tax, rate_micro, half_even) AS
  CASE WHEN with_tax = prices_with_tax THEN CAST(amount_minor AS BIGINT)
    WHEN prices_with_tax THEN CAST(amount_minor + tax_on(amount_minor, rate_micro, half_even) AS BIGINT)
    ELSE CAST(net_of(amount_minor, rate_micro, half_even) AS BIGINT)
  END;

-- Days from a date to a later one.
CREATE OR REPLACE MACRO days_between(from_day, until_day) AS until_day - from_day;

-- The same where every month has 30 days: 30 x months + difference of days.
CREATE OR REPLACE MACRO month_days(from_day, until_day) AS
  360 * (year(until_day) - year(from_day)) + 30 * (month(until_day) - month(from_day)) + day(until_day) - day(from_day);

-- The day after.
CREATE OR REPLACE MACRO next_day(a_day) AS a_day + 1;

-- A part of quantity x price in minor units, rounded once. What is too large to be true stands as 10^15, which parks the customer.
CREATE OR REPLACE MACRO part_amount(quantity_micro, price_micro, share_over, share_under, divisor, half_even) AS
  CASE WHEN CAST(quantity_micro AS HUGEINT) * price_micro >= 1000000000000000000000000000000000 THEN 1000000000000000
    ELSE CAST(least(1000000000000000, div_round(
      CAST(quantity_micro AS HUGEINT) * price_micro * share_over, CAST(divisor AS HUGEINT) * share_under, half_even)) AS BIGINT)
  END;

-- n / d for integers, rounded up. n >= 0, d > 0.
CREATE OR REPLACE MACRO div_up(n, d) AS (n + d - 1) // d;

-- Parts of units, so many millionths of which are one, as whole units, rounded up; 0 for what is not above 0.
CREATE OR REPLACE MACRO whole_up(parts, millionths) AS
  CASE WHEN parts <= 0 THEN 0
    ELSE div_up(CAST(parts AS HUGEINT), CAST(millionths AS HUGEINT) * 1000000) * millionths * 1000000 END;

-- a x b, or NULL where it is beyond 10^35. What is small on both sides is not asked by a division, which takes longest of all.
CREATE OR REPLACE MACRO times(a, b) AS
  CASE WHEN a BETWEEN -100000000000000000 AND 100000000000000000 AND b BETWEEN -100000000000000000 AND 100000000000000000
    THEN CAST(a AS HUGEINT) * b
    WHEN b = 0 THEN 0
    WHEN abs(CAST(a AS HUGEINT)) <= 100000000000000000000000000000000000 // abs(CAST(b AS HUGEINT)) THEN CAST(a AS HUGEINT) * b END;

-- x, but not below `low` and not above `high`; NULL is no bound.
CREATE OR REPLACE MACRO clamp(x, low, high) AS CASE WHEN x < low THEN low WHEN x > high THEN high ELSE x END;

-- x, but never further from 0 than `whole`, and on no other side of it.
CREATE OR REPLACE MACRO part_of(x, whole) AS clamp(x, least(whole, 0), greatest(whole, 0));

-- An amount, or 10^15 where it is unknown or larger: that parks the customer.
CREATE OR REPLACE MACRO too_large(amount_minor) AS
  CASE WHEN abs(amount_minor) < 1000000000000000 THEN CAST(amount_minor AS BIGINT) ELSE 1000000000000000 END;

-- The part of an amount that a part is of a whole, which is not 0.
CREATE OR REPLACE MACRO in_proportion(amount, part, whole, half_even) AS
  div_round(CAST(amount AS HUGEINT) * part * CASE WHEN whole < 0 THEN -1 ELSE 1 END, abs(whole), half_even);

-- What a discount on each line by itself is measured by: what is left of the line, at most so much of its own price, of which its net
-- amount may be a part, or in another currency.
CREATE OR REPLACE MACRO line_weight(left_minor, most_minor, net_minor, own_minor) AS
  CASE WHEN left_minor <= 0 THEN 0
    WHEN most_minor IS NULL THEN left_minor
    ELSE least(left_minor, in_proportion(most_minor, net_minor, own_minor, FALSE))
  END;

-- What a discount takes off a line that is worked out again, of what it is measured by there: its percentage, or what may be taken, but
-- not beyond that; of a maximum all but what it left of the line before; of one that tells nothing, what its whole was of all lines.
CREATE OR REPLACE MACRO discount_again(weight_minor, percent_micro, limit_minor, kept_minor, off_minor, base_minor, half_even) AS
  CASE WHEN kept_minor IS NOT NULL THEN weight_minor - part_of(kept_minor, weight_minor)
    WHEN percent_micro IS NULL AND limit_minor IS NULL THEN in_proportion(off_minor, weight_minor, base_minor, half_even)
    WHEN percent_micro IS NULL THEN part_of(limit_minor, weight_minor)
    WHEN limit_minor IS NULL THEN percent_of(weight_minor, percent_micro, half_even)
    ELSE part_of(percent_of(weight_minor, percent_micro, half_even), limit_minor)
  END;

-- An amount in another currency: its fraction, rounded once; 10^15 where it is too large, so that nobody bills it.
CREATE OR REPLACE MACRO exchanged(amount_minor, rate_over, rate_under, half_even) AS
  too_large(scaled(amount_minor, rate_over, rate_under, half_even));

-- The same at a rate as it is written, and with what each of the currencies has as millionths for a unit of its smallest.
CREATE OR REPLACE MACRO exchanged_at(amount_minor, rate, from_micro, to_micro, half_even) AS
  exchanged(amount_minor, CAST(CAST(rate AS DECIMAL(18, 10)) * 10000000000 AS HUGEINT) * from_micro,
    CAST(10000000000 AS HUGEINT) * to_micro, half_even);

-- A number as far as it fits into 64 bits, else 0.
CREATE OR REPLACE MACRO fitting(n) AS coalesce(TRY_CAST(n AS BIGINT), 0);

-- The order of bookings in time; of two that begin together the source and the id decide.
CREATE OR REPLACE MACRO booking_order(starts_at, source, booking_id) AS
  {'starts_at': starts_at, 'source': source, 'booking_id': booking_id};

-- Seconds from one instant to a later one.
CREATE OR REPLACE MACRO seconds_between(earlier, later) AS date_diff('second', earlier, later);

-- How much less tax there is on a net amount when something is taken off it; per line, the tax on what is taken off.
CREATE OR REPLACE MACRO tax_less(net_minor, off_minor, rate_micro, per_line, half_even) AS
  CASE WHEN per_line THEN tax_on(off_minor, rate_micro, half_even)
    ELSE tax_on(net_minor, rate_micro, half_even) - tax_on(net_minor - off_minor, rate_micro, half_even) END;
