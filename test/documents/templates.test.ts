/** What a template may do and may not do, and how it is told: file, line, words. */
import { beforeAll, describe, expect, it } from 'vitest';
import { compileTemplates, renderMail } from '../../src/documents/templates.js';
import type { TemplateSources } from '../../src/documents/templates.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { loadTemplateSources } from '../../src/world/template-files.js';
import { BUILT_IN, REPOSITORY } from './brands.js';
import { english, preview } from './records.js';

let sources: TemplateSources;
beforeAll(async () => { sources = await loadTemplateSources(REPOSITORY, BUILT_IN, null); });

/** What is found when one file is replaced. */
async function problems(change: Partial<Record<keyof Omit<TemplateSources, 'theme'> | 'theme', string>>): Promise<string[]> {
  const files = Object.fromEntries(Object.entries(change).map(([key, text]) => [key, key === 'theme' ? [...sources.theme, { file: 'own/theme.json', text }] : { file: `own/${key}`, text }]));
  try {
    await compileTemplates({ ...sources, ...files });
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(DuebookError);
    const found = (error as DuebookError).diagnostics;
    expect(found.every((d) => d.code === 'CONFIG_TEMPLATE')).toBe(true);
    return found.map((d) => `${d.at?.file}:${d.at?.line ?? '-'} ${d.message}`);
  }
}

const mjml = (body: string): string => `<mjml><mj-head><mj-title>x</mj-title></mj-head><mj-body>\n${body}\n</mj-body></mjml>`;
const section = (content: string): string => `<mj-section><mj-column>${content}</mj-column></mj-section>`;

describe('a template of one’s own', () => {
  it('can use every value, helpers and the theme', async () => {
    expect(await problems({
      invoice_html: '<p style="color:[[accent]]">{{#each lines}}{{@index}} {{description}} {{../currency}}{{else}}-{{/each}}{{#with seller}}{{name}}{{/with}}{{lookup labels "total"}}</p><img src="{{logo}}">',
      mail_mjml: mjml(`<mj-raw>{{#if status_note}}</mj-raw>${section('<mj-text>{{status_note}}</mj-text>')}<mj-raw>{{/if}}</mj-raw>${section('<mj-text>{{brand}}</mj-text>')}`),
      mail_subject: '{{brand}}: {{title}}, {{total}}', mail_text: '{{text.lines}}', theme: '{"accent":"#ff0000","own":"#00ff00"}',
    })).toEqual([]);
  });

  it('really is conditional between sections', async () => {
    const own = mjml(`<mj-raw>{{#if status_note}}</mj-raw>${section('<mj-text>PREVIEW ONLY</mj-text>')}<mj-raw>{{/if}}</mj-raw>`);
    const t = await compileTemplates({ ...sources, mail_mjml: { file: 'own', text: own } });
    expect(renderMail(t, preview).html).toContain('PREVIEW ONLY');
    expect(renderMail(t, english).html).not.toContain('PREVIEW ONLY');
  });

  it.each<[string, Parameters<typeof problems>[0], string[]]>([
    ['three braces', { invoice_html: 'a\n{{{total}}}' }, ['own/invoice_html:2 a value is put in without escaping']],
    ['an ampersand', { batch_html: '{{& title}}' }, ['own/batch_html:1 a value is put in without escaping']],
    ['three braces in MJML', { mail_mjml: mjml(section('<mj-text>{{{total}}}</mj-text>')) }, ['own/mail_mjml:2 a value is put in without escaping']],
    ['a partial', { mail_text: '{{> footer}}' }, ['own/mail_text:1 partials and decorators are not allowed']],
    ['an inline partial', { mail_text: '{{#*inline "x"}}{{/inline}}' }, ['own/mail_text:1 partials and decorators are not allowed']],
    ['an unknown helper', { mail_subject: '\n\n{{upper total}}' }, ['own/mail_subject:3 unknown helper "upper"']],
    ['a log helper', { mail_subject: '{{log total}}' }, ['own/mail_subject:1 unknown helper "log"']],
    ['a misspelt value', { invoice_html: '<p>\n{{totl}}</p>' }, ['own/invoice_html:2 there is no value "totl"']],
    ['a misspelt value in a line', { mail_text: '{{#each lines}}\n{{prce}}{{/each}}' }, ['own/mail_text:2 there is no value "prce"']],
    ['a misspelt value in MJML', { mail_mjml: mjml(`${section('<mj-text>a</mj-text>')}\n${section('<mj-text>{{bayer.name}}</mj-text>')}`) }, ['own/mail_mjml:3 there is no value "bayer.name"']],
    ['the prototype', { mail_text: '{{constructor}}' }, ['own/mail_text:1 there is no value "constructor"']],
    ['an open block', { mail_text: 'a\nb\n{{#if total}}' }, [expect.stringMatching(/^own\/mail_text:3 the template cannot be read: /)]],
    ['a wrong end', { mail_text: '{{#if total}}\n{{/each}}' }, [expect.stringMatching(/^own\/mail_text:1 the template cannot be read: if doesn't match each/)]],
    ['a script', { invoice_html: '\n<script>1</script>' }, ['own/invoice_html:2 <script> is not allowed in a template']],
    ['an event', { invoice_html: '<p onclick="x()">' }, ['own/invoice_html:1 event attributes are not allowed in a template']],
    ['an unquoted attribute', { invoice_html: '<p title={{total}}>' }, ['own/invoice_html:1 a value stands in an attribute without quotes']],
    ['a value as a link', { invoice_html: '<a href="{{buyer.name}}">' }, ['own/invoice_html:1 {{buyer.name}} cannot be used in a link']],
    ['a value as a link in MJML', { mail_mjml: mjml(section('<mj-button href="{{seller.website}}">x</mj-button>')) }, ['own/mail_mjml:2 {{seller.website}} cannot be used in a link']],
    ['a value as a style', { invoice_html: '<p style="color:{{total}}"><style>a{b:{{net}} }</style>' }, ['own/invoice_html:1 {{net}} cannot be used in a style', 'own/invoice_html:1 {{total}} cannot be used in a style']],
    ['an include', { mail_mjml: mjml('<mj-include path="/etc/passwd" />') }, ['own/mail_mjml:2 <mj-include> is not allowed in a template']],
    ['raw markup', { mail_mjml: mjml('<mj-raw><b>x</b></mj-raw>') }, ['own/mail_mjml:2 <mj-raw> may hold only tags such as {{#if x}} and {{/if}}']],
    ['a tag between sections', { mail_mjml: mjml(`{{#if total}}${section('<mj-text>a</mj-text>')}\n{{/if}}`) }, ['own/mail_mjml:2 MJML drops {{#if total}} where it stands', 'own/mail_mjml:3 MJML drops {{/if}} where it stands']],
    ['an unknown element', { mail_mjml: mjml('<mj-sektion></mj-sektion>') }, [expect.stringMatching(/^own\/mail_mjml:\d MJML: .*mj-sektion/)]],
    ['an attribute that is not one', { mail_mjml: mjml(section('<mj-text colour="red">a</mj-text>')) }, [expect.stringMatching(/^own\/mail_mjml:\d MJML: .*colour/)]],
    ['an unknown theme value', { invoice_html: '\n[[acent]]' }, ['own/invoice_html:2 the theme has no "acent"']],
    ['a wrong colour', { theme: '{\n"accent": "red;}"}' }, ['own/theme.json:2 "accent" of the theme is not a colour']],
    ['a wrong font', { theme: '{"font": "a\\";}"}' }, ['own/theme.json:1 "font" of the theme is not a list of font names']],
    ['a broken theme', { theme: '{' }, ['own/theme.json:- the theme is not a JSON object']],
    ['problems of several files, all together', { mail_subject: '{{x}}', batch_html: '{{y}}' }, ['own/batch_html:1 there is no value "y"', 'own/mail_subject:1 there is no value "x"']],
  ])('with %s is refused', async (_what, change, expected) => {
    expect(await problems(change)).toEqual(expected);
  });
});
