/** The program's own source as facts: files, lines, imports, functions and what they touch. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** One TypeScript file of `src`; paths are relative to `src`, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  /** First folder, or the name of a file that stands alone (`bin`). */
  readonly room: string;
  readonly lines: readonly string[];
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

export interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  /** `import()`: loaded when needed, so that it cannot make a circle at start. */
  readonly lazy: boolean;
}

/** Files under a folder of the project with the given ending, relative to it, sorted. */
export function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith(ending)).sort();
}

/** Every TypeScript file of `src`. */
export function sourceFiles(): SourceFile[] {
  return filesUnder('src', '.ts').map((path) => {
    const text = readFileSync(join(ROOT, 'src', path), 'utf8');
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
    return { path, room: roomOf(path), lines: text.replace(/\n$/, '').split('\n'), tree, imports: importsOf(path, tree) };
  });
}

export function roomOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '');
}

export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

/** Calls `visit` for every node below `node`. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => { walk(child, visit); });
}

function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  walk(tree, (node) => {
    const target = moduleOf(node);
    if (target === null || !target.text.startsWith('.')) return;
    const to = posix.join(posix.dirname(path), target.text).replace(/\.js$/, '.ts');
    found.push({ from: path, to, line: lineOf(tree, node), lazy: ts.isCallExpression(node) });
  });
  return found;
}

function moduleOf(node: ts.Node): ts.StringLiteral | null {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) return node.moduleSpecifier as ts.StringLiteral;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal as ts.StringLiteral;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && ts.isStringLiteral(node.arguments[0]!)) return node.arguments[0];
  return null;
}

/** Functions, methods and arrows with how many lines they have. */
export function functionsOf({ tree }: SourceFile): { line: number; length: number }[] {
  const found: { line: number; length: number }[] = [];
  walk(tree, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const line = lineOf(tree, node);
    found.push({ line, length: tree.getLineAndCharacterOfPosition(node.end).line + 2 - line });
  });
  return found;
}

/** Banned words of a file as `what:line`: clock, chance, environment, folder, ambient locale and zone. */
export function ambient({ tree }: SourceFile): string[] {
  const found: string[] = [];
  walk(tree, (node) => {
    const line = lineOf(tree, node);
    if (ts.isPropertyAccessExpression(node)) {
      const name = `${ts.isIdentifier(node.expression) ? node.expression.text : '…'}.${node.name.text}`;
      const banned = ['Date.now', 'Math.random', 'process.env', 'process.cwd', 'crypto.randomUUID'].includes(name);
      if (banned || name.startsWith('Intl.') || name.startsWith('performance.')) found.push(`${name}:${line}`);
      if (node.name.text.startsWith('toLocale') || node.name.text === 'localeCompare') found.push(`${node.name.text}:${line}`);
      // Local parts of a Date depend on TZ; the UTC ones do not.
      if (/^(get|set)(FullYear|Month|Date|Day|Hours|Minutes|Seconds|TimezoneOffset)$/.test(node.name.text)) found.push(`${node.name.text}:${line}`);
    }
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date') {
      if ((node.arguments?.length ?? 0) !== 1) found.push(`new Date:${line}`);
    }
    if (ts.isIdentifier(node) && ['randomUUID', 'randomBytes', 'parseFloat'].includes(node.text)) found.push(`${node.text}:${line}`);
  });
  return found;
}
