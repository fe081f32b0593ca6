/** Mails to the team, byte for byte. */
import { beforeAll, describe, expect, it } from 'vitest';
import { noticeSentence, PARKED_NAMED } from '../../src/documents/notice.js';
import { compileNotices, renderNotice } from '../../src/documents/templates.js';
import type { NoticeTemplates } from '../../src/documents/templates.js';
import type { DuebookError } from '../../src/values/diagnostic.js';
import { LOCALES } from '../../src/values/locales.js';
import { loadTemplateSources } from '../../src/world/template-files.js';
import { expectGolden } from '../support/golden.js';
import { BUILT_IN, inFolder } from './brands.js';
import { NOTICES } from './notices.js';

let templates: NoticeTemplates;
beforeAll(async () => { templates = await compileNotices(await loadTemplateSources('.', BUILT_IN, null)); });

describe('a notice', () => {
  it.each(Object.keys(NOTICES))('%s', (name) => {
    const mail = renderNotice(templates, ...NOTICES[name]!);
    expectGolden(`documents/golden/notice/${name}.txt`, `Subject: ${mail.subject}\n\n${mail.text}`);
    expectGolden(`documents/golden/notice/${name}.html`, mail.html);
    expect(mail.text.split('\n').every((line) => line.length <= 78)).toBe(true);
    expect(mail.html).not.toMatch(/<script|<b>|https?:\/\/(?!www\.w3\.org)/);
  });

  it('says in its subject what and when, in the language of the project', () => {
    const [payload] = NOTICES['ready']!;
    expect(noticeSentence(payload, 'en-GB')).toBe('3 invoices of 1 May 2026 wait for review until 4 May 2026, 22:00');
    expect(noticeSentence({ ...payload, invoices: 1 }, 'de-DE')).toBe('1 Rechnung vom 01.05.2026 wartet auf Prüfung bis 04.05.2026, 22:00');
    for (const locale of LOCALES) {
      for (const [each] of Object.values(NOTICES)) expect(noticeSentence(each, locale)).not.toMatch(/[{}]|undefined/);
    }
  });

  it('stays small, however many are parked', () => {
    const [payload, locale] = NOTICES['parked']!;
    const many = Array.from({ length: PARKED_NAMED }, (_, i) => ({ ...payload.parked[0]!, customer_id: `c-${i}` }));
    expect(Buffer.byteLength(renderNotice(templates, { ...payload, parked: many, parked_count: 10_000 }, locale).html)).toBeLessThan(102_000);
  });

  it('can be written anew by a project, and is checked like the other templates', async () => {
    const wrong = await inFolder({ 'own/notice.text.hbs': '{{subject}}\n{{digets}}' }, async (root) => (
      compileNotices(await loadTemplateSources(root, BUILT_IN, 'own')).then(() => null, (error: unknown) => error)));
    expect((wrong as DuebookError).diagnostics.map((d) => [d.code, d.at, d.message])).toEqual([
      ['CONFIG_TEMPLATE', { file: 'own/notice.text.hbs', line: 2 }, 'there is no value "digets"'],
    ]);
  });
});
