/** `duebook show`: one invoice, by number or id, from the ledger or from the draft. */
import { attachLedger } from '../ledger/attach.js';
import { Engine, literal } from '../engine/engine.js';
import { renderInvoicePage } from '../documents/templates.js';
import type { InvoiceRecord } from '../documents/types.js';
import { ublXml } from '../documents/ubl.js';
import { fail } from '../values/diagnostic.js';
import { brandsOf } from './brands.js';
import { ledgerOf, openContext } from './context.js';
import type { Context } from './context.js';
import { engineOptions, openDraft } from './draft.js';
import { explainDraft, explainProcessed } from './explain.js';
import type { Explanation } from './explain-types.js';
import { openPrinters } from './printers.js';
import { draftRecords, ledgerRecords } from './records.js';
import type { CommonOptions, World } from './world.js';

export type ShowFormat = 'text' | 'json' | 'html' | 'pdf' | 'xml';

export interface ShowOptions extends CommonOptions {
  readonly id: string;
  readonly format: ShowFormat;
  /** Tells how every line came about, too. */
  readonly explain?: boolean;
}

/** An invoice, with how it came about where that was asked for. */
interface Found { readonly record: InvoiceRecord; readonly explanation: Explanation | null }

/** The invoice, and its document where a document format was asked for. Throws UNKNOWN_INVOICE. */
export async function show(world: World, options: ShowOptions): Promise<Found & { bytes: Buffer | null }> {
  const context = await openContext(world, options);
  const found = await findInvoice(context, options.id, options.explain === true);
  return { ...found, bytes: await documentOf(context, found.record, options.format) };
}

async function findInvoice(context: Context, id: string, explains: boolean): Promise<Found> {
  const ledger = await ledgerOf(context);
  const engine = await Engine.open(engineOptions(context));
  try {
    await attachLedger(engine, ledger);
    const [committed] = await ledgerRecords(engine, `i.number = ${literal(id)} OR i.invoice_id = ${literal(id)}`);
    if (committed !== undefined) {
      return { record: committed, explanation: explains ? await explainProcessed(context, ledger, engine, committed) : null };
    }
  } finally {
    await engine.close();
  }
  const draft = await openDraft(context, ledger);
  try {
    const [drafted] = await draftRecords(draft.engine, context.config, `i.invoice_id = ${literal(id)}`);
    if (drafted !== undefined) return { record: drafted, explanation: explains ? await explainDraft(context, draft, drafted) : null };
    return fail('UNKNOWN_INVOICE', `there is no invoice ${id}`, {
      hint: 'numbers: `duebook query "select number, customer_name from invoices"`; ids of previews: `duebook preview --json`',
    });
  } finally {
    await draft.engine.close();
  }
}

async function documentOf(context: Context, record: InvoiceRecord, format: ShowFormat): Promise<Buffer | null> {
  if (format === 'text' || format === 'json') return null;
  if (format === 'xml') return Buffer.from(ublXml(record));
  const brand = await brandsOf(context, { mail: false })(record.partner_id);
  if (format === 'html') return Buffer.from(renderInvoicePage(brand.templates, record, { logo: brand.logo }));
  const printer = openPrinters(context);
  try {
    return await printer.print(record);
  } finally {
    await printer.close();
  }
}
