/** Brand colours and fonts: `theme.json`, put into the templates as `[[name]]` before they are compiled. */
import { problem } from '../values/diagnostic.js';
import { lineAt } from './lint.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { TemplateFile } from '../world/template-files.js';

const COLOUR = /^#[0-9a-fA-F]{6}$/;
const FONT = /^[A-Za-z0-9 ,'-]{1,200}$/;
const TOKEN = /\[\[\s*([a-z][a-z0-9_]*)\s*\]\]/g;

/** All keys of the theme files, the later files winning. A key that begins with `font` is a font list, any other a colour `#rrggbb`. */
export function readTheme(files: readonly TemplateFile[], found: Diagnostic[]): Readonly<Record<string, string>> {
  const theme = Object.create(null) as Record<string, string>;
  for (const { file, text } of files) {
    const keys = parse(file, text, found);
    for (const [key, value] of Object.entries(keys)) {
      const font = key.startsWith('font');
      if (/^[a-z][a-z0-9_]*$/.test(key) && typeof value === 'string' && (font ? FONT : COLOUR).test(value)) theme[key] = value;
      else {
        found.push(problem('CONFIG_TEMPLATE', `"${key}" of the theme is not ${font ? 'a list of font names' : 'a colour'}`, {
          at: { file, line: lineAt(text, Math.max(0, text.indexOf(`"${key}"`))) },
          hint: font ? 'write for example "Helvetica, Arial, sans-serif"' : 'write six hexadecimal digits: "#1d3557"',
        }));
      }
    }
  }
  return theme;
}

function parse(file: string, text: string, found: Diagnostic[]): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // told below
  }
  found.push(problem('CONFIG_TEMPLATE', 'the theme is not a JSON object', { at: { file }, hint: 'write {"accent": "#1d3557"}' }));
  return {};
}

/** Puts the theme into a template; an unknown name is a problem of the template. */
export function applyTheme({ file, text }: TemplateFile, theme: Readonly<Record<string, string>>, found: Diagnostic[]): string {
  return text.replace(TOKEN, (whole, name: string, index: number) => {
    const value = theme[name];
    if (value !== undefined) return value;
    found.push(problem('CONFIG_TEMPLATE', `the theme has no "${name}"`, {
      at: { file, line: lineAt(text, index) }, hint: `it has ${Object.keys(theme).sort().join(', ')}; or add it to theme.json`,
    }));
    return whole;
  });
}
