/** Whatever a customer wrote into any field stays text: parsed as a browser does, the documents have the same elements as with plain words. */
import fc from 'fast-check';
import { parse } from 'parse5';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchMarkdown } from '../../src/documents/batch-markdown.js';
import { batchInvoice } from '../../src/documents/batch.js';
import type { BatchPage } from '../../src/documents/batch.js';
import { clean } from '../../src/documents/clean.js';
import { SAMPLE_BATCH } from '../../src/documents/sample.js';
import { renderBatchPage, renderInvoicePage, renderMail } from '../../src/documents/templates.js';
import type { Templates } from '../../src/documents/templates.js';
import { compiled } from './brands.js';
import { english, line, mixed } from './records.js';
import type { InvoiceRecord } from '../../src/documents/types.js';

const NASTY = [
  '</mj-text><mj-raw><script>alert(1)</script></mj-raw>', '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", '{{constructor}}', '{{{raw}}}', '{{#each this}}{{/each}}',
  '{{constructor.constructor "alert(1)"}}', '[[accent]]', '{name} {total}', '\u202egnp.exe\u202c', '\u2066isolated\u2069', 'a\0b\u0001\u0007\u001b[31mred', 'line\r\nBcc: evil@x.example\r\n\r\n<p>body',
  '--><!-- ]]><![CDATA[', '<!--[if mso]><script>1</script><![endif]-->', '<svg/onload=alert(1)>', '<style>*{display:none}</style>', 'javascript:alert(1)', '&lt;b&gt; &amp;amp; &#x3c;',
  '</title></style></textarea><iframe srcdoc=x>', '\ud800 lone \udc00', '$& $1 $` %s', 'ＡＢＣ <b>', '\ufeff\u200b\u2060', '```js\n# heading\n| a | b |\n@team [x](javascript:1)', '<bdi></bdi></td></tr></table><form action=x>',
];

/** The record with `text` in every field that customers, products or orders fill in. */
function filled(text: string): InvoiceRecord {
  return {
    ...mixed, batch_id: text, currency: 'EUR', partner_id: 'p', partner: { partner_id: 'p', name: text, email: text },
    buyer: {
      customer_id: text, name: text, email: ['a@acme.example'], tax_id: text, contact: text, purchase_order: text,
      address: { line1: text, line2: text, city: text, postal_code: text, region: text, country: 'AT' },
    },
    taxes: mixed.taxes.map((tax) => ({ ...tax, name: `${text} 0 %`, note: text })),
    lines: [line(1, { description: text, booking_id: text, product: text, unit: text, late: true }), line(2, { description: '', product: text })],
  };
}

function batch(text: string): BatchPage {
  return {
    ...SAMPLE_BATCH, batch_id: text, partner_name: text, invoices: [batchInvoice(filled(text), 'a.html'), batchInvoice(filled(text), `../${text}`)],
    parked: [{ customer_id: text, name: text, reason: text }],
    warnings: [{ code: 'BOOKING_PRICE', severity: 'warning', message: text, at: { file: text, line: 3 } }],
  };
}

interface HtmlNode { nodeName: string; value?: string; data?: string; attrs?: { name: string; value: string }[]; childNodes?: HtmlNode[] }

/** Elements with the names of their attributes, in order; texts apart. Comments are part of the structure: mail programs read some of them. */
function anatomy(html: string): { elements: string[]; text: string } {
  const elements: string[] = [];
  let text = '';
  const visit = (node: HtmlNode): void => {
    if (node.nodeName === '#text') text += node.value;
    else if (node.nodeName === '#comment') elements.push(`<!--${node.data}-->`);
    else elements.push([node.nodeName, ...(node.attrs ?? []).map((a) => a.name)].join(' '));
    for (const child of node.childNodes ?? []) visit(child);
  };
  visit(parse(html));
  return { elements, text };
}

let templates: Templates;
beforeAll(async () => { templates = await compiled(); });

const pages = (text: string): Record<string, string> => ({
  mail: renderMail(templates, filled(text)).html,
  invoice: renderInvoicePage(templates, filled(text), { logo: null }),
  batch: renderBatchPage(templates, batch(text)),
});
const FORBIDDEN = /^(script|iframe|object|embed|form|svg|base|template)\b|\son[a-z]+\b|\bsrcdoc\b/;
/** Controls, direction characters, invisible ones. */
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/;

function check(text: string): void {
  const plain = pages('Ax');
  for (const [name, html] of Object.entries(pages(`A${text}x`))) {
    const { elements, text: said } = anatomy(html);
    expect(elements, `${name}: ${text}`).toEqual(anatomy(plain[name]!).elements);
    expect(elements.filter((each) => FORBIDDEN.test(each))).toEqual([]);
    expect(said).toContain(clean(`A${text}x`).slice(0, 100));
    expect(said).not.toMatch(UNSEEN);
  }
  const { subject, text: body } = renderMail(templates, filled(`A${text}x`));
  expect(subject).not.toMatch(/[\r\n]/);
  expect(subject + body).not.toMatch(UNSEEN);
}

describe('customer text', () => {
  it.each(NASTY)('%j', (text) => { check(text); });

  it('of any kind', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 20 })), { minLength: 1, maxLength: 4 }), (parts) => {
      check(parts.join(''));
    }), { numRuns: 40 });
  });

  it('is in a mail as it was written', () => {
    const html = renderMail(templates, { ...english, buyer: { ...english.buyer, contact: '{{brand}} & "Söhne" <mj-raw>' } }).html;
    expect(anatomy(html).text).toContain('Hello {{brand}} & "Söhne" <mj-raw>,');
  });

  it('makes no link: only a plain relative path is one', () => {
    const hrefs = (href: string): string[] => [...renderBatchPage(templates, { ...SAMPLE_BATCH, invoices: [{ ...SAMPLE_BATCH.invoices[0]!, href }] }).matchAll(/href="([^"]*)"/g)].map((m) => m[1]!);
    expect(hrefs('invoices/acme%20x.html')).toEqual(['invoices/acme%20x.html']);
    for (const evil of ['javascript:alert(1)', '//evil.example', 'https://evil.example', '../../x', 'a/../../b', '/etc', 'data:text/html,x', 'a b', '']) expect(hrefs(evil)).toEqual([]);
  });

  it('in Markdown makes no markup, no mention, no second row', () => {
    const structure = (text: string): string[] => batchMarkdown(batch(text)).split('\n')
      .map((row) => row.replaceAll('&#64;', '').replace(/\\./g, '').replace(/:\/\/|www\./gi, '@').replace(/[^|#`<>@[\]]/g, ''));
    const plain = structure('Ax');
    for (const text of [...NASTY, 'see https://evil.example or WWW.evil.example']) expect(structure(`A${text}x`), text).toEqual(plain);
    expect(batchMarkdown(batch('\u202eabc'))).not.toMatch(UNSEEN);
  });
});
