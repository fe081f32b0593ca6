/** Invoices as PDF, each in the brand of its partner. Processes start when the first document is printed. */
import { join } from 'node:path';
import { pdfData } from '../documents/typst-data.js';
import type { InvoiceRecord } from '../documents/types.js';
import { openPdfPrinter } from '../world/pdf.js';
import type { PdfPrinter } from '../world/pdf.js';
import { loadPdfSources } from '../world/template-files.js';
import { brandsOf } from './brands.js';
import type { Context } from './context.js';

export interface Printers {
  print(record: InvoiceRecord): Promise<Buffer>;
  close(): Promise<void>;
}

/** Printers by template: the partner's own, the project's, or the built-in one. */
export function openPrinters(context: Context): Printers {
  const { config, world } = context;
  const brands = brandsOf(context, { mail: false });
  const printers = new Map<string, Promise<PdfPrinter>>();
  const open = async (partner_id: string | null): Promise<PdfPrinter> => {
    const partner = config.partners.find((each) => each.partner_id === partner_id)?.templates ?? null;
    const { template, fonts } = await loadPdfSources(config.root, join(world.package_root, 'templates'), [partner, config.templates]);
    return openPdfPrinter({ template: template.text, file: template.file, fonts });
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
