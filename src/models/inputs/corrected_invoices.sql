-- The invoices whose discounts are spread over their lines, because something of them is corrected.
-- grain: invoice_id
SELECT DISTINCT invoice_id FROM input.changed_lines
