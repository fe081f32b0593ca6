/** The invoice and the batch as pages for the browser, byte for byte. */
import { beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_BATCH, SAMPLE_BATCH_EMPTY } from '../../src/documents/sample.js';
import { renderBatchPage, renderInvoicePage, renderMail } from '../../src/documents/templates.js';
import type { Templates } from '../../src/documents/templates.js';
import { expectGolden } from '../support/golden.js';
import { compiled } from './brands.js';
import { CASES, german } from './records.js';

let templates: Templates;
beforeAll(async () => { templates = await compiled({}, { mail: false }); });
const page = (name: string, logo: string | null = null): string => renderInvoicePage(templates, CASES[name]!, { logo });

describe('the page of an invoice', () => {
  it.each(Object.keys(CASES))('%s', (name) => { expectGolden(`documents/golden/${name}/page.html`, page(name)); });

  it('needs nothing from outside', () => {
    for (const name of Object.keys(CASES)) {
      expect(page(name)).not.toMatch(/https?:|<script|<link|@import|url\(/);
      expect(page(name)).toContain("default-src 'none'");
    }
  });

  it('shows a mark only on what is not an invoice', () => {
    expect(page('preview')).toContain('<div class="mark" aria-hidden="true">Preview</div>');
    expect(page('german')).not.toContain('class="mark"');
    expect(renderInvoicePage(templates, { ...german, status: 'void' }, { logo: null })).toContain('<div class="mark" aria-hidden="true">Storniert</div>');
  });

  it('takes a logo as data only', () => {
    expect(page('german', 'data:image/png;base64,AAAA')).toContain('src="data:image/png;base64,AAAA"');
    for (const logo of ['https://x.example/a.png', 'data:text/html;base64,AAAA', 'data:image/png;base64,A"onerror=', 'javascript:1']) {
      expect(() => page('german', logo)).toThrowError('data: URI');
    }
  });

  it('does not need mails to be compiled', () => {
    expect(() => renderMail(templates, german)).toThrowError('without mails');
  });
});

describe('the page of a batch', () => {
  it('with one of everything', () => { expectGolden('documents/golden/batch/page.html', renderBatchPage(templates, SAMPLE_BATCH)); });
  it('with nothing', () => { expectGolden('documents/golden/batch/empty.html', renderBatchPage(templates, SAMPLE_BATCH_EMPTY)); });
});
