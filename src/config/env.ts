/** `${NAME}` in a text stands for a variable of the environment; `$${` is a plain `${`. Values never appear in a message. */
import type { Diagnostic } from '../values/diagnostic.js';
import { problem } from '../values/diagnostic.js';
import type { Path, Positions } from './positions.js';

const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a file with references replaced; parts without any are shared with it. */
export function substitute<T>(value: T, positions: () => Positions, env: Environment, found: Diagnostic[]): T {
  const ofText = (text: string, path: Path): string => text.replace(REFERENCE, (whole, name: string | undefined) => {
    if (whole === '$${') return '${';
    const complain = (message: string, hint: string): string => {
      found.push(problem('CONFIG_ENV', message, { at: positions().place(path), hint }));
      return '';
    };
    if (name === undefined || !whole.endsWith('}') || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      return complain(`${whole} is not a reference to the environment`, 'write ${NAME}; for a plain "${" write "$${"');
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined || value === '') {
      return complain(
        `the environment variable ${name} is ${value === '' ? 'empty' : 'not set'}`,
        `set ${name} where duebook runs, e.g. as a secret of the CI job`,
      );
    }
    return value;
  });
  const path: (string | number)[] = [];
  const visit = (node: unknown): unknown => {
    if (typeof node === 'string') return node.includes('${') ? ofText(node, [...path]) : node;
    if (node === null || typeof node !== 'object') return node;
    let copy: Record<string | number, unknown> | null = null;
    for (const key of Object.keys(node)) {
      const before = (node as Record<string, unknown>)[key];
      path.push(Array.isArray(node) ? Number(key) : key);
      const after = visit(before);
      path.pop();
      if (after === before) continue;
      copy ??= (Array.isArray(node) ? [...node as unknown[]] : { ...node }) as Record<string | number, unknown>;
      copy[key] = after;
    }
    return copy ?? node;
  };
  return visit(value) as T;
}
