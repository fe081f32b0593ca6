-- What each line of the invoices that are corrected bears of each discount line, one discount after the other (step), each of what the ones
-- before left (weight_minor; weights_minor of all lines that bear it). A line says which discounts lie on it: by their places in the
-- agreement, `3m` a maximum of each period, `m1` the first one for longer, `2%5` of 5 percent, `2c500` of at most 500 minor units in all,
-- `2l` on each line by itself, `2l500` of at most 500 each. Where no line names a discount, it is of a version that did not tell: it lies on
-- all lines with its tax. Shares are rounded down, and the minor units that are left go where the most was cut off, of equals to the line
-- that comes first: all shares are the discount. limit_minor is the line's share of the most that the discount may take in all,
-- kept_minor what a maximum left of the line. Usage that is given back bears a percentage like any line, alone where the others come to
-- less than nothing. Tax and rate of exchange of a discount are those of its lines.
-- grain: invoice_id, discount_line_no, line_no
WITH RECURSIVE lines AS (
  SELECT
    invoice_id, line_no, kind = 'usage' AS is_measured, kind IN ('booking', 'usage') AS of_usage, tax_id, tax_rate_micro,
    original_currency, exchange_on, agreement_id,
    amount_minor, coalesce(original_minor, gross_minor, amount_minor) AS own_minor, discounts
  FROM ledger.invoice_lines
  WHERE invoice_id IN (SELECT c.invoice_id FROM input.corrected_invoices AS c)
    AND kind IN ('booking', 'usage', 'recurring', 'fee') AND amount_minor <> 0
), discounts AS (
  SELECT
    invoice_id, line_no AS discount_line_no, tax_id, tax_rate_micro, original_currency, exchange_on, amount_minor, gross_minor,
    regexp_extract(charge_id, '^[^:]*:(.*):(discount|maximum):[0-9]+:', 1) AS agreement_id,
    CASE WHEN charge_id LIKE '%:maximum:%' THEN 'm' ELSE '' END || regexp_extract(charge_id, ':(discount|maximum):([0-9]+):', 2) AS name,
    regexp_extract(charge_id, ':(usage|charges)$', 1) AS scope,
    row_number() OVER (
      PARTITION BY invoice_id
      ORDER BY charge_id LIKE '%:maximum:%', TRY_CAST(regexp_extract(charge_id, ':(discount|maximum):([0-9]+):', 2) AS INTEGER), line_no
    ) AS step
  FROM ledger.invoice_lines
  WHERE invoice_id IN (SELECT c.invoice_id FROM input.corrected_invoices AS c) AND kind = 'discount'
), named AS (
  SELECT invoice_id, line_no, unnest(string_split(discounts, ' ')) AS entry
  FROM lines
), told AS (
  SELECT
    d.invoice_id, d.discount_line_no, l.line_no, n.entry LIKE '%l%' AS on_line,
    TRY_CAST(regexp_extract(n.entry, 'l([0-9]+)$', 1) AS BIGINT) AS most_minor,
    CAST(TRY_CAST(regexp_extract(n.entry, '%([0-9.]+)', 1) AS DECIMAL(9, 6)) * 1000000 AS BIGINT) AS percent_micro,
    TRY_CAST(regexp_extract(n.entry, 'c([0-9]+)', 1) AS BIGINT) AS cap_minor, n.entry LIKE '%m%' AS of_maximum
  FROM discounts AS d
  JOIN named AS n ON n.invoice_id = d.invoice_id AND regexp_extract(n.entry, '^m?[0-9]+') = d.name
  JOIN lines AS l
    ON l.invoice_id = n.invoice_id AND l.line_no = n.line_no AND l.agreement_id = d.agreement_id
    AND l.tax_id = d.tax_id AND l.tax_rate_micro = d.tax_rate_micro
    AND l.original_currency IS NOT DISTINCT FROM d.original_currency AND l.exchange_on IS NOT DISTINCT FROM d.exchange_on
    AND (d.scope = '' OR l.of_usage = (d.scope = 'usage'))
), borne AS (
  SELECT invoice_id, discount_line_no, line_no, on_line, most_minor, percent_micro, cap_minor, of_maximum
  FROM told
  UNION ALL
  SELECT d.invoice_id, d.discount_line_no, l.line_no, FALSE, NULL, NULL, NULL, FALSE
  FROM discounts AS d
  JOIN lines AS l
    ON l.invoice_id = d.invoice_id AND l.tax_id = d.tax_id AND l.tax_rate_micro = d.tax_rate_micro
    AND l.original_currency IS NOT DISTINCT FROM d.original_currency AND l.exchange_on IS NOT DISTINCT FROM d.exchange_on
  WHERE NOT EXISTS (
    SELECT 1 FROM told AS t WHERE t.invoice_id = d.invoice_id AND t.discount_line_no = d.discount_line_no)
), taken AS (
  SELECT
    invoice_id, line_no, is_measured, own_minor, amount_minor, CAST(0 AS BIGINT) AS step, CAST(NULL AS BIGINT) AS discount_line_no,
    CAST(amount_minor AS HUGEINT) AS left_minor, CAST(0 AS HUGEINT) AS weight_minor, CAST(0 AS HUGEINT) AS weights_minor,
    CAST(0 AS HUGEINT) AS share_minor,
    CAST(0 AS HUGEINT) AS gross_share_minor
  FROM lines
  UNION ALL
  SELECT
    f.invoice_id, f.line_no, f.is_measured, f.own_minor, f.amount_minor, f.step, f.discount_line_no,
    f.left_minor - f.share_minor, f.weight_minor, f.weights_minor, f.share_minor, f.gross_share_minor
  FROM (
    SELECT
      v.*,
      CAST(v.floor_minor + CASE
        WHEN row_number() OVER (PARTITION BY v.invoice_id ORDER BY v.rest DESC, v.line_no)
          <= v.total_minor - sum(v.floor_minor) OVER (PARTITION BY v.invoice_id) THEN 1 ELSE 0 END AS HUGEINT) AS share_minor,
      CAST(v.gross_floor_minor + CASE
        WHEN row_number() OVER (PARTITION BY v.invoice_id ORDER BY v.gross_rest DESC, v.line_no)
          <= v.gross_total_minor - sum(v.gross_floor_minor) OVER (PARTITION BY v.invoice_id) THEN 1 ELSE 0 END AS HUGEINT) AS gross_share_minor
    FROM (
      SELECT
        u.*,
        div_floor(u.total_minor * u.turned_minor, u.whole_minor) AS floor_minor,
        div_rest(u.total_minor * u.turned_minor, u.whole_minor) AS rest,
        div_floor(u.gross_total_minor * u.turned_minor, u.whole_minor) AS gross_floor_minor,
        div_rest(u.gross_total_minor * u.turned_minor, u.whole_minor) AS gross_rest
      FROM (
        SELECT
          w.*,
          greatest(abs(w.weights_minor), 1) AS whole_minor,
          CASE WHEN w.weights_minor < 0 THEN -w.weight_minor ELSE w.weight_minor END AS turned_minor,
          CASE WHEN w.weights_minor = 0 THEN 0 ELSE -w.off_minor END AS total_minor,
          CASE WHEN w.weights_minor = 0 THEN 0 ELSE -w.gross_off_minor END AS gross_total_minor
        FROM (
          SELECT
            h.*,
            CAST(sum(h.weight_minor) OVER (PARTITION BY h.invoice_id) AS HUGEINT) AS weights_minor
          FROM (
            SELECT
              p.* EXCLUDE (weight_minor),
              CASE WHEN p.of_percent AND NOT p.is_back AND sum(p.weight_minor) FILTER (NOT p.is_back) OVER (PARTITION BY p.invoice_id) < 0
                THEN 0 ELSE p.weight_minor END AS weight_minor
            FROM (
              SELECT
                t.invoice_id, t.line_no, t.is_measured, t.is_measured AND t.left_minor < 0 AS is_back,
                b.percent_micro IS NOT NULL AS of_percent, t.own_minor, t.amount_minor, d.step, d.discount_line_no, t.left_minor,
                CAST(d.amount_minor AS HUGEINT) AS off_minor, CAST(coalesce(d.gross_minor, 0) AS HUGEINT) AS gross_off_minor,
                CAST(CASE
                  WHEN b.line_no IS NULL THEN 0
                  WHEN b.on_line AND NOT (t.is_measured AND t.left_minor < 0 AND b.percent_micro IS NOT NULL)
                    THEN line_weight(t.left_minor, b.most_minor, t.amount_minor, t.own_minor)
                  ELSE t.left_minor END AS HUGEINT) AS weight_minor
              FROM taken AS t
              JOIN discounts AS d ON d.invoice_id = t.invoice_id AND d.step = t.step + 1
              LEFT JOIN borne AS b
                ON b.invoice_id = d.invoice_id AND b.discount_line_no = d.discount_line_no AND b.line_no = t.line_no
            ) AS p
          ) AS h
        ) AS w
      ) AS u
    ) AS v
  ) AS f
)
SELECT
  t.invoice_id, t.discount_line_no, t.line_no, t.step, b.on_line, b.most_minor, b.percent_micro, t.weight_minor, t.weights_minor,
  t.share_minor, t.gross_share_minor,
  CASE
    WHEN sum(t.share_minor) OVER alike = in_proportion(b.cap_minor, t.amount_minor, t.own_minor, FALSE) THEN t.share_minor
    WHEN sum(t.weight_minor) OVER alike <> 0 THEN in_proportion(
      in_proportion(b.cap_minor, t.amount_minor, t.own_minor, FALSE), t.weight_minor, sum(t.weight_minor) OVER alike, FALSE)
  END AS limit_minor,
  CASE WHEN b.of_maximum THEN t.weight_minor - t.share_minor END AS kept_minor
FROM taken AS t
JOIN discounts AS d ON d.invoice_id = t.invoice_id AND d.discount_line_no = t.discount_line_no
JOIN borne AS b ON b.invoice_id = t.invoice_id AND b.discount_line_no = t.discount_line_no AND b.line_no = t.line_no
WHERE t.weight_minor <> 0
WINDOW alike AS (PARTITION BY t.invoice_id, d.agreement_id, d.name)
