/** Invoices as PDF, each in the brand of its partner. Processes start when the first document is printed. */
import { join } from 'node:path';
import { pdfData } from '../documents/typst-data.js';
import type { InvoiceRecord } from '../documents/types.js';
import { readIfThere } from '../world/output-files.js';
import { openPdfPrinter } from '../world/pdf.js';
import type { PdfPrinter } from '../world/pdf.js';
import { brandsOf } from './brands.js';
import type { Context } from './context.js';

export interface Printers {
  print(record: InvoiceRecord): Promise<Buffer>;
  close(): Promise<void>;
}

const TEMPLATE = 'invoice.typ';

/** Printers by template: the partner's own, the project's, or the built-in one. */
export function openPrinters(context: Context): Printers {
  const { config, world } = context;
  const brands = brandsOf(context, { mail: false });
  const printers = new Map<string, Promise<PdfPrinter>>();
  const open = async (partner_id: string | null): Promise<PdfPrinter> => {
    const partner = config.partners.find((each) => each.partner_id === partner_id)?.templates ?? null;
    for (const folder of [partner, config.templates]) {
      const own = folder === null ? null : await readIfThere(join(config.root, folder, TEMPLATE));
      if (own !== null) return openPdfPrinter({ template: own.toString('utf8'), file: `${folder}/${TEMPLATE}` });
    }
    const builtIn = await readIfThere(join(world.package_root, 'templates', TEMPLATE));
    if (builtIn === null) throw new Error(`the built-in template ${TEMPLATE} is missing: the installation is damaged`);
    return openPdfPrinter({ template: builtIn.toString('utf8') });
  };
  return {
    async print(record) {
      const key = record.partner_id ?? '';
      if (!printers.has(key)) printers.set(key, open(record.partner_id));
      const printer = await printers.get(key)!;
      const { logo, theme } = await brands(record.partner_id);
      return printer.print(pdfData(record, logo, theme));
    },
    async close() {
      for (const printer of printers.values()) await (await printer).close();
    },
  };
}
