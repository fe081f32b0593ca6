/** Mails as customers get them, byte for byte: subject, text, HTML and what goes over the wire. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderMail } from '../../src/documents/templates.js';
import type { Templates } from '../../src/documents/templates.js';
import { sha256 } from '../../src/values/digest.js';
import { composeMime } from '../../src/world/mime.js';
import { expectGolden } from '../support/golden.js';
import { REPOSITORY, compiled } from './brands.js';
import { CASES, german, preview } from './records.js';
import type { InvoiceRecord } from '../../src/documents/types.js';

let templates: Templates;
beforeAll(async () => { templates = await compiled(); });

/** The message as the outbox makes it. */
function wire(record: InvoiceRecord): Promise<Buffer> {
  return composeMime({
    message_id: `msg_${record.invoice_id}@northwind.example`, from: { name: 'Northwind Büro', address: 'billing@northwind.example' },
    to: record.buyer.email, bcc: ['archive@northwind.example'], reply_to: record.partner?.email ?? null, ...renderMail(templates, record),
    date: new Date('2026-05-05T06:00:00Z'), attachments: [],
  });
}

describe('a mail', () => {
  it.each(Object.keys(CASES))('%s', (name) => {
    const mail = renderMail(templates, CASES[name]!);
    expectGolden(`documents/golden/${name}/mail.txt`, `Subject: ${mail.subject}\n\n${mail.text}`);
    expectGolden(`documents/golden/${name}/mail.html`, mail.html);
  });

  it.each(['german', 'english'])('%s as it goes over the wire', async (name) => {
    const bytes = (await wire(CASES[name]!)).toString('latin1');
    // The file is kept with line feeds; on the wire every line ends with both.
    expect(bytes.replaceAll('\r\n', '')).not.toMatch(/[\r\n\u0080-\uffff]/);
    expect(Math.max(...bytes.split('\r\n').map((row) => row.length))).toBeLessThanOrEqual(998);
    expectGolden(`documents/golden/${name}/mail.eml`, bytes.replaceAll('\r\n', '\n'));
  });

  it('stays under the size at which mail programs cut, whatever the number of lines', () => {
    expect(Buffer.byteLength(renderMail(templates, CASES['many']!).html)).toBeLessThan(102_000);
  });

  it('is the same when rendered again, and by templates compiled again', async () => {
    const again = await compiled();
    for (const record of Object.values(CASES)) expect(renderMail(again, record)).toEqual(renderMail(templates, record));
  });

  it('is the same in another process, in another zone and language', async () => {
    const script = `
      import { readFileSync } from 'node:fs';
      import { compileTemplates, renderMail, renderInvoicePage } from './dist/documents/templates.js';
      import { loadTemplateSources } from './dist/world/template-files.js';
      import { composeMime } from './dist/world/mime.js';
      import { sha256 } from './dist/values/digest.js';
      const templates = await compileTemplates(await loadTemplateSources('.', './templates', null));
      for (const record of JSON.parse(readFileSync(0, 'utf8'))) {
        const message = { message_id: 'm@x.example', from: { name: 'Büro', address: 'b@x.example' }, to: ['a@x.example'], bcc: [], reply_to: null,
          ...renderMail(templates, record), date: new Date('2026-05-05T06:00:00Z'), attachments: [{ filename: 'ä.pdf', content_type: 'application/pdf', content: Buffer.from('x') }] };
        console.log(sha256(await composeMime(message)), sha256(renderInvoicePage(templates, record, { logo: null })));
      }`;
    const hashes = (env: Record<string, string>): string[] => {
      const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        cwd: REPOSITORY, encoding: 'utf8', input: JSON.stringify([german, preview]), env: { PATH: process.env['PATH'], ...env },
      });
      return done.stdout.split('\n').filter((row) => row !== '');
    };
    const here = hashes({ TZ: 'UTC', LANG: 'C' });
    expect(here).toHaveLength(2);
    expect(hashes({ TZ: 'Asia/Kolkata', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' })).toEqual(here);
    expect(hashes({ TZ: 'America/St_Johns' })).toEqual(here);
    expect(sha256(await wire(german))).toBe(sha256(await wire(german)));
  });
});
