// How fast documents are made, on one core, after a build: node bench/render.mjs [seconds]. Prints one JSON line.
// The aim: 2000 mail bodies a second (subject, HTML and text of five lines, from the record), compiled once.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileTemplates, renderInvoicePage, renderMail } from '../dist/documents/templates.js';
import { SAMPLE_INVOICE } from '../dist/documents/sample.js';
import { composeMime } from '../dist/world/mime.js';
import { loadTemplateSources } from '../dist/world/template-files.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const seconds = Number(process.argv[2] ?? '3');

/** `count` records with five lines each; no two alike, so that nothing can be remembered. */
function records(count) {
  return Array.from({ length: count }, (_, i) => ({
    ...SAMPLE_INVOICE, invoice_id: `inv_${i}`, number: `INV-2026-${String(i).padStart(6, '0')}`, locale: ['en-GB', 'de-DE', 'fr-FR', 'nl-NL'][i % 4],
    buyer: { ...SAMPLE_INVOICE.buyer, customer_id: `c${i}`, name: `Customer ${i} Müller & Söhne` },
    lines: Array.from({ length: 5 }, (_, l) => ({
      ...SAMPLE_INVOICE.lines[0], line_no: l + 1, booking_id: `J-${i}-${l}`, description: `Inspection of flat ${i + l}, staircase B, with flue gas measurement`,
    })),
  }));
}

/** How many a second `work` does, over and over for the given time, after a warm-up of a tenth of it. */
async function rate(items, work) {
  let done = 0;
  const until = async (end) => {
    for (; performance.now() < end; done += 1) await work(items[done % items.length]);
  };
  await until(performance.now() + seconds * 100);
  done = 0;
  const began = performance.now();
  await until(began + seconds * 1000);
  return Math.round(done / ((performance.now() - began) / 1000));
}

const began = performance.now();
const templates = await compileTemplates(await loadTemplateSources(root, join(root, 'templates'), null));
const compile_ms = Math.round(performance.now() - began);
const input = records(1000);
const mails = input.map((record) => ({
  message_id: `${record.invoice_id}@northwind.example`, from: { name: 'Northwind Billing', address: 'billing@northwind.example' },
  to: ['ap@acme.example'], bcc: [], reply_to: null, date: new Date(0), attachments: [], ...renderMail(templates, record),
}));
process.stdout.write(`${JSON.stringify({
  compile_ms, mail_bytes: Buffer.byteLength(mails[0].html),
  mail_bodies_per_s: await rate(input, (record) => renderMail(templates, record)),
  pages_per_s: await rate(input, (record) => renderInvoicePage(templates, record, { logo: null })),
  mime_per_s: await rate(mails, composeMime),
})}\n`);
