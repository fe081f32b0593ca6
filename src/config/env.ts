/** `${NAME}` in a text stands for a variable of the environment; `$${` is a plain `${`. Values never appear in a message. */
import type { Diagnostic } from '../values/diagnostic.js';
import { problem } from '../values/diagnostic.js';
import type { Path } from './positions.js';
import type { Written } from './sources.js';

const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g;

/** The written value with references replaced; parts without any are shared with it. */
export function substitute(written: Written, env: Readonly<Record<string, string | undefined>>, found: Diagnostic[]): unknown {
  const ofText = (text: string, path: Path): string => text.replace(REFERENCE, (whole, name: string | undefined) => {
    if (whole === '$${') return '${';
    const complain = (message: string, hint: string): string => {
      found.push(problem('CONFIG_ENV', message, { at: written.place(path), hint }));
      return '';
    };
    if (name === undefined || !whole.endsWith('}') || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      return complain(`${whole} is not a reference to the environment`, 'write ${NAME}; for a plain "${" write "$${"');
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined || value === '') {
      return complain(`the environment variable ${name} is ${value === '' ? 'empty' : 'not set'}`, `set ${name} where duebook runs, e.g. as a secret of the CI job`);
    }
    return value;
  });
  const path: (string | number)[] = [];
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') return value.includes('${') ? ofText(value, [...path]) : value;
    if (value === null || typeof value !== 'object') return value;
    let copy: Record<string | number, unknown> | null = null;
    for (const key of Object.keys(value)) {
      const before = (value as Record<string, unknown>)[key];
      path.push(Array.isArray(value) ? Number(key) : key);
      const after = visit(before);
      path.pop();
      if (after === before) continue;
      copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string | number, unknown>;
      copy[key] = after;
    }
    return copy ?? value;
  };
  return visit(written.value);
}
