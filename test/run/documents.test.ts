/** What was delivered can be proved: a kept mail or a shown document is the one that was sent, or it is told which it is not. */
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { verify } from '../../src/run/verify.js';
import type { VerifyResult } from '../../src/run/results.js';
import { project, refusal } from '../support/project.js';
import type { Project } from '../support/project.js';

const BOOKINGS = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02' }, { id: 'b', customer: 'beta', product: 'visit', start: '2026-04-03' },
];
const CUSTOMER = { cycle: 'monthly', address: { line1: 'Weg 1', city: 'Bonn', postal_code: '53111', country: 'DE' } };

async function delivered(attach: readonly string[] = ['pdf', 'xml']): Promise<{ made: Project; mails: string[] }> {
  const made = await project({
    customers: { acme: { ...CUSTOMER, name: 'Acme', email: 'ap@acme.example' }, beta: { ...CUSTOMER, name: 'Beta', email: 'ap@beta.example' } },
    mail: { attach }, issuer: { tax_id: 'DE123456789' },
  }, BOOKINGS);
  await made.run('2026-05-05');
  return { made, mails: (await readdir(join(made.root, 'out/mail'))).sort() };
}

const proof = async (made: Project, documents: readonly string[] = []): Promise<{ told: VerifyResult['checks'][number] | undefined; messages: string[] }> => {
  const result = await verify(made.world, { as_of: '2026-05-06', documents });
  return { told: result.checks.find(({ name }) => name === 'documents'), messages: result.diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message}`) };
};

/** The attachment of a mail with this content type. */
async function attached(made: Project, mail: string, type: string): Promise<Buffer> {
  const { attachments } = await PostalMime.parse(await readFile(join(made.root, 'out/mail', mail)));
  const found = attachments.find(({ mimeType }) => mimeType === type);
  return Buffer.from(found!.content as ArrayBuffer);
}

describe('mails that were kept', () => {
  it('are proved', async () => {
    const { made } = await delivered();
    expect(await proof(made)).toEqual({ told: { name: 'documents', ok: true, detail: '2 kept mails are as sent' }, messages: [] });
  });

  it('are found out by any byte that was changed, with the file and the number of the invoice', { timeout: 120_000 }, async () => {
    const { made, mails } = await delivered([]);
    const numbers = await made.told(`SELECT m.message_id || '.eml', i.number FROM ledger.messages AS m JOIN ledger.invoices AS i ON i.invoice_id = m.invoice_id ORDER BY 1`);
    const path = join(made.root, 'out/mail', mails[0]!);
    const good = await readFile(path);
    for (const at of [0, Math.floor(good.length / 3), good.length - 1]) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1;
      await writeFile(path, bad);
      const { told, messages } = await proof(made);
      expect(told).toMatchObject({ ok: false, detail: '1 error' });
      expect(messages).toEqual([
        `error DOCUMENT_UNKNOWN out/mail/${mails[0]} is not the mail with ${numbers[0]!.split(' | ')[1]} as it was sent: it does not have the hash that commit 4 recorded.`,
      ]);
    }
    await writeFile(path, good.subarray(0, good.length - 1));
    expect((await proof(made)).told).toMatchObject({ ok: false });
    await writeFile(path, await readFile(join(made.root, 'out/mail', mails[1]!)));
    expect((await proof(made)).told).toMatchObject({ ok: false });
  });

  it('are told apart from strange ones, and may be taken away', async () => {
    const { made, mails } = await delivered([]);
    await made.write('out/mail/msg_0.eml', 'no message');
    expect((await proof(made)).messages).toEqual(['warning DOCUMENT_UNKNOWN out/mail/msg_0.eml is no message of this ledger.']);
    await made.write('out/mail/.msg_1.eml.part', 'half of one');
    for (const mail of [...mails, 'msg_0.eml']) await rm(join(made.root, 'out/mail', mail));
    expect(await proof(made)).toEqual({ told: undefined, messages: [] });
  });
});

describe('a document that somebody shows', () => {
  it('is the one that was sent, or not', { timeout: 120_000 }, async () => {
    const { made, mails } = await delivered();
    const pdf = await attached(made, mails[0]!, 'application/pdf');
    const xml = await attached(made, mails[0]!, 'application/xml');
    const [number] = (await made.told(`SELECT i.number FROM ledger.messages AS m JOIN ledger.invoices AS i ON i.invoice_id = m.invoice_id
      WHERE m.message_id || '.eml' = '${mails[0]!}'`));
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await made.write('shown/x.pdf', '');
    await writeFile(join(made.root, 'shown/x.pdf'), pdf);
    await writeFile(join(made.root, 'shown/x.xml'), xml);
    expect((await proof(made, ['shown/x.pdf', 'shown/x.xml', `out/mail/${mails[0]}`])).told).toEqual({
      name: 'documents', ok: true,
      detail: `2 kept mails are as sent; shown/x.pdf is the document of ${number} that was sent on 2026-05-04; `
        + `shown/x.xml is the document of ${number} that was sent on 2026-05-04; out/mail/${mails[0]} is the mail with ${number} sent on 2026-05-04`,
    });
    xml[xml.length - 5]! ^= 1;
    await writeFile(join(made.root, 'shown/x.xml'), xml);
    await writeFile(join(made.root, `shown/${number}.xml`), xml);
    expect((await proof(made, ['shown/x.xml', `shown/${number}.xml`])).messages).toEqual([
      'error DOCUMENT_UNKNOWN shown/x.xml was not sent with any message of this ledger.',
      `error DOCUMENT_UNKNOWN shown/${number}.xml is not what was sent with ${number}: the documents and the mail have other hashes.`,
    ]);
    expect(await refusal(verify(made.world, { as_of: '2026-05-06', documents: ['none.pdf'] }))).toContain('USAGE 64 --document none.pdf: there is no such file');
  });
});
