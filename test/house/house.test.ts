/** The rules of the house: who may know whom, how large a thing may grow, and what nobody below the doors may ask for. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { CHANGED_INPUTS, CHECKS, CREDITS, LEDGER_INPUTS, MODELS } from '../../src/models/order.js';
import { ambient, filesUnder, functionsOf, lineOf, ROOT, roomOf, sourceFiles } from './source.js';

/**
 * The floors, from the ground up. A room knows rooms of lower floors only, and of those only the ones named here.
 * This is the one place where that is said.
 */
const ROOMS: Readonly<Record<string, { floor: number; knows: readonly string[] }>> = {
  values: { floor: 1, knows: [] },
  config: { floor: 2, knows: ['values'] },
  engine: { floor: 2, knows: ['values'] },
  world: { floor: 2, knows: ['values'] },
  calendar: { floor: 3, knows: ['values', 'config'] },
  // Above the calendar, whose zones it reads local times with.
  intake: { floor: 4, knows: ['values', 'config', 'engine', 'world', 'calendar'] },
  ledger: { floor: 3, knows: ['values', 'engine', 'world'] },
  models: { floor: 4, knows: ['values', 'config', 'engine', 'calendar', 'ledger'] },
  // Documents are made of records and templates alone: no SQL, no ledger, no disk (of the world they know shapes only).
  documents: { floor: 5, knows: ['values', 'config', 'world'] },
  run: { floor: 6, knows: ['values', 'config', 'engine', 'world', 'calendar', 'intake', 'ledger', 'models', 'documents'] },
  report: { floor: 7, knows: ['values', 'documents', 'run'] },
  cli: { floor: 8, knows: ['values', 'config', 'world', 'documents', 'run', 'report'] },
  bin: { floor: 9, knows: ['cli'] },
};

/** The rooms at the doors; only they may ask for clock, environment, folder or zone. */
const DOORS = ['world', 'cli', 'bin'];

const FILES = sourceFiles();
const MAX_FILE = 400;
const MAX_FUNCTION = 70;
const MAX_COLUMN = 140;

describe('floors', () => {
  it('has a floor for every room', () => {
    expect([...new Set(FILES.map((file) => file.room))].sort()).toEqual(Object.keys(ROOMS).filter((room) => FILES.some((file) => file.room === room)).sort());
    for (const [room, { floor, knows }] of Object.entries(ROOMS)) {
      for (const other of knows) expect(`${room} ${ROOMS[other]!.floor < floor}`).toBe(`${room} true`);
    }
  });

  it('lets no import point up, or to a room that is none of its business', () => {
    const wrong = FILES.flatMap((file) => file.imports.filter(({ to }) => roomOf(to) !== file.room && !ROOMS[file.room]?.knows.includes(roomOf(to)))
      .map(({ to, line }) => `${file.path}:${line} imports ${to}`));
    expect(wrong).toEqual([]);
  });

  it('lets documents know of the world no more than its shapes', () => {
    const wrong = FILES.filter((file) => file.room === 'documents').flatMap((file) => importsWithValues(file.tree).filter((name) => name.includes('/world/'))
      .map((name) => `${file.path} imports ${name}`));
    expect(wrong).toEqual([]);
  });

  it('imports only files that exist', () => {
    const wrong = FILES.flatMap((file) => file.imports.filter(({ to }) => !existsSync(join(ROOT, 'src', to))).map(({ to, line }) => `${file.path}:${line} ${to}`));
    expect(wrong).toEqual([]);
  });

  it('has no circle', () => {
    expect(circleOf(new Map(FILES.map((file) => [file.path, file.imports.filter(({ lazy }) => !lazy).map(({ to }) => to)])))).toEqual([]);
  });
});

describe('sizes', () => {
  it(`keeps files within ${MAX_FILE} lines`, () => {
    expect(FILES.filter(({ lines }) => lines.length > MAX_FILE).map(({ path, lines }) => `${path} has ${lines.length}`)).toEqual([]);
  });

  it(`keeps functions within ${MAX_FUNCTION} lines`, () => {
    const long = FILES.flatMap((file) => functionsOf(file).filter(({ length }) => length > MAX_FUNCTION).map(({ line, length }) => `${file.path}:${line} has ${length}`));
    expect(long).toEqual([]);
  });

  it(`keeps lines within ${MAX_COLUMN} columns`, () => {
    const wide = FILES.flatMap(({ path, lines }) => lines.flatMap((text, i) => ([...text].length > MAX_COLUMN ? [`${path}:${i + 1} has ${[...text].length}`] : [])));
    expect(wide).toEqual([]);
  });
});

describe('what nobody below the doors may ask for', () => {
  /** Where an ambient word is allowed, and why. */
  const EXCUSED: Readonly<Record<string, string>> = {
    'config/formats.ts Intl.supportedValuesOf': 'the list of zone names, for suggestions; no amount, date or order depends on it',
  };

  it('asks for no clock, chance, environment, folder, ambient locale or zone', () => {
    const wrong = FILES.filter(({ room }) => !DOORS.includes(room)).flatMap((file) => ambient(file)
      .filter((found) => EXCUSED[`${file.path} ${found.slice(0, found.indexOf(':'))}`] === undefined).map((found) => `${file.path} ${found}`));
    expect(wrong).toEqual([]);
  });

  it('exports by name', () => {
    const wrong = FILES.flatMap(({ path, tree }) => tree.statements.filter((node) => ts.isExportAssignment(node)).map((node) => `${path}:${lineOf(tree, node)}`));
    expect(wrong).toEqual([]);
  });
});

describe('SQL files', () => {
  it('are all in the one order, and nothing else is', () => {
    expect(filesUnder('src/models/sql', '.sql')).toEqual(MODELS.flatMap(({ name, otherwise }) => [name, otherwise ?? name]).filter((name, i, all) => all.indexOf(name) === i).map((name) => `${name}.sql`).sort());
    expect(filesUnder('src/models/inputs', '.sql')).toEqual(['billed', ...[...CHANGED_INPUTS, ...LEDGER_INPUTS].map(({ name }) => name)].map((name) => `${name}.sql`).sort());
    expect(filesUnder('src/models/checks', '.sql')).toEqual(CHECKS.map((name) => `${name}.sql`).sort());
    expect(filesUnder('src/models/credits', '.sql')).toEqual(CREDITS.map((name) => `${name}.sql`).sort());
    const elsewhere = filesUnder('src', '.sql').filter((path) => !/^models\/(sql|inputs|checks|credits)\//.test(path));
    expect(elsewhere).toEqual(['models/prelude.duckdb.sql']);
  });
});

/** Modules from which a file imports more than types. */
function importsWithValues(tree: ts.SourceFile): string[] {
  return tree.statements.filter((node): node is ts.ImportDeclaration => ts.isImportDeclaration(node) && node.importClause?.isTypeOnly !== true)
    .map((node) => (node.moduleSpecifier as ts.StringLiteral).text);
}

/** One circle of a graph as the list of its nodes, or nothing. */
function circleOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return [];
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next, [...path, node]);
      if (circle.length > 0) return circle;
    }
    done.add(node);
    return [];
  };
  for (const node of graph.keys()) {
    const circle = visit(node, []);
    if (circle.length > 0) return circle;
  }
  return [];
}
