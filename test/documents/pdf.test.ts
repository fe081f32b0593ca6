/** The built-in PDF template with records of every kind: no warnings, the same bytes from every process, data as promised. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_EMPTY, SAMPLE_INVOICE } from '../../src/documents/sample.js';
import { pdfData } from '../../src/documents/typst-data.js';
import { openPdfPrinter } from '../../src/world/pdf.js';
import { creditNote, dinar, dollars, dollarsInGerman, english, german, line, longNumbers, manyLines, preview, reverseCharge, yen } from './records.js';
import type { InvoiceRecord } from '../../src/documents/types.js';
import type { PdfPrinter } from '../../src/world/pdf.js';

const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const SVG = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="10"><rect width="40" height="10"/></svg>').toString('base64')}`;

let template: string;
let printer: PdfPrinter;
beforeAll(async () => {
  template = await readFile('templates/invoice.typ', 'utf8');
  printer = openPdfPrinter({ template });
});
afterAll(() => printer.close());

/** How many pages a PDF says it has. */
function pages(pdf: Buffer): number {
  return Number(/\/Type\s*\/Pages[\s\S]*?\/Count (\d+)|\/Count (\d+)[\s\S]{0,200}?\/Type\s*\/Pages/.exec(pdf.toString('latin1'))?.slice(1).find((n) => n));
}

const RECORDS: Readonly<Record<string, InvoiceRecord>> = {
  german, english, reverseCharge, creditNote, preview, yen, dinar, sample: SAMPLE_INVOICE, empty: SAMPLE_EMPTY,
  longNumbers, longName: { ...english, seller: { ...english.seller, name: 'Northwind Field Services and Facility Management Gesellschaft mit beschränkter Haftung & Co. KG' } },
  dollars, dollarsInGerman, void: { ...german, status: 'void' }, french: { ...german, locale: 'fr-FR' }, dutch: { ...german, locale: 'nl-NL' },
};

describe('the PDF of an invoice', () => {
  for (const [name, record] of Object.entries(RECORDS)) {
    it(`${name}: one page, archivable, tagged, dated from the record`, async () => {
      const pdf = await printer.print(pdfData(record));
      const text = pdf.toString('latin1');
      expect(text.slice(0, 8)).toBe('%PDF-1.7');
      expect(pages(pdf)).toBe(1);
      expect(text).toContain('<pdfaid:part>2</pdfaid:part>');
      expect(text).toContain('<pdfaid:conformance>A</pdfaid:conformance>');
      expect(text).toMatch(/\/MarkInfo/);
      expect(text).toContain(`${record.issued_on}T00:00:00`);
      expect(printer.warnings).toEqual([]);
    });
  }

  it('has as many pages as it needs', async () => {
    expect(pages(await printer.print(pdfData(manyLines(60))))).toBe(4);
  });

  it('is the same from another process, after other documents, with several at once', async () => {
    const other = openPdfPrinter({ template, processes: 2 });
    try {
      const records = [manyLines(30), german, reverseCharge, german, preview, german];
      const again = await Promise.all(records.map((record) => other.print(pdfData(record))));
      const once: Buffer[] = [];
      for (const record of records) once.push(await printer.print(pdfData(record)));
      expect(again.map((pdf, i) => pdf.equals(once[i]!))).toEqual(records.map(() => true));
    } finally {
      await other.close();
    }
  });

  it('shows a logo, PNG or SVG', async () => {
    const plain = await printer.print(pdfData(german));
    for (const logo of [PIXEL, SVG]) {
      const pdf = await printer.print(pdfData(german, logo));
      expect(pdf.equals(plain)).toBe(false);
      expect(pages(pdf)).toBe(1);
    }
    expect((await printer.print(pdfData(german))).equals(plain)).toBe(true);
  });

  it('takes its colours from the theme', async () => {
    const plain = await printer.print(pdfData(german));
    expect((await printer.print(pdfData(german, null, { accent: '#aa0000' }))).equals(plain)).toBe(false);
    expect((await printer.print(pdfData(german, null, { accent: '#1d3557' }))).equals(plain)).toBe(true);
  });

  it('never runs what a customer wrote, and breaks what is too long', async () => {
    const evil = '#panic("x") $ *b* [ ] @ref <label> \\ ` // /* \u202e {{x}} #include "/etc/passwd"';
    const record = {
      ...german, number: evil, buyer: { ...german.buyer, name: evil, customer_id: 'x'.repeat(80), purchase_order: evil },
      lines: [line(1, { description: evil }), line(2, { description: 'W'.repeat(300) }), line(3, { description: `${evil} `.repeat(150) })],
    };
    expect(pages(await printer.print(pdfData(record)))).toBeGreaterThan(1);
  });

  it('leaves pictures out and marks what no font has, with a warning', async () => {
    const own = openPdfPrinter({ template });
    try {
      await own.print(pdfData({ ...german, buyer: { ...german.buyer, name: 'Müller 🔥👩‍🔧' } }));
      expect(own.warnings).toEqual([]);
      await own.print(pdfData({ ...german, buyer: { ...german.buyer, name: '中文 Ltd' } }));
      expect(own.warnings.map((w) => `${w.severity} ${w.message}`)).toEqual([
        'warning no font of the PDF has "中": a box is shown instead', 'warning no font of the PDF has "文": a box is shown instead',
      ]);
    } finally {
      await own.close();
    }
  });
});

describe('the data of the template', () => {
  it('is plain JSON and the same each time', () => {
    const data = pdfData(german);
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
    expect(JSON.stringify(pdfData(german))).toBe(JSON.stringify(data));
  });

  it('has the date as numbers, the paper and the region', () => {
    expect(pdfData(german)).toMatchObject({ date: { year: 2026, month: 5, day: 1 }, paper: 'a4', region: 'DE', language: 'de', logo: '', theme: {} });
    expect(pdfData(yen)).toMatchObject({ paper: 'us-letter', region: 'US' });
  });

  it('keeps words whole up to 31 characters', () => {
    const shown = (description: string): string => pdfData({ ...german, lines: [line(1, { description })] }).lines[0]!.description;
    expect(shown('Donaudampfschifffahrtsgesellsch')).toBe('Donaudampfschifffahrtsgesellsch');
    expect(shown('https://example.com/a/rather/long/way')).toBe('https:\u200b/\u200b/\u200bexample.\u200bcom/\u200ba/\u200brather/\u200blong/\u200bway');
    expect(shown('x'.repeat(40))).toBe(`${'x'.repeat(14)}\u200b${'x'.repeat(14)}\u200b${'x'.repeat(12)}`);
    expect(shown('Repair 🔧 done')).toBe('Repair done');
  });
});
