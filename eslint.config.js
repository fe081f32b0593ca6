// Rules of the house that a linter can hold. Floors, sizes of rooms and SQL are held by test/house.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'Export by name: a name can be found, a default cannot.' };

export default defineConfig(
  { ignores: ['dist/**', 'out/**', 'coverage/**', 'node_modules/**', 'templates/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  {
    files: ['**/*.{js,mjs,ts}'],
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-throw-literal': 'error',
      'no-return-assign': ['error', 'except-parens'],
      'no-unused-expressions': 'error',
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: true }],
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-debugger': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['vitest.config.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      'no-restricted-syntax': ['error', noDefaultExport],
      '@typescript-eslint/consistent-type-imports': ['error', { prefer: 'type-imports', fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', 70],
      'max-len': ['error', { code: 140, ignoreUrls: true, ignoreRegExpLiterals: true }],
      'no-console': 'error',
    },
  },
  {
    // Amounts never pass through floating point, and nothing below world and cli knows clock, zone, folder or environment.
    files: ['src/**/*.ts'],
    ignores: ['src/world/**', 'src/cli/**', 'src/bin.ts'],
    rules: {
      'no-restricted-properties': ['error',
        { object: 'Date', property: 'now', message: 'The run brings its own clock (as_of).' },
        { object: 'Math', property: 'random', message: 'Same inputs, same bytes.' },
        { object: 'process', property: 'env', message: 'The world brings the environment.' },
        { object: 'process', property: 'cwd', message: 'The world brings the folder.' },
        { property: 'toLocaleString', message: 'Say the locale and use documents/locale.' },
        { property: 'toLocaleDateString', message: 'Say the locale and use documents/locale.' },
        { property: 'toLocaleTimeString', message: 'Say the locale and use documents/locale.' },
        { property: 'localeCompare', message: 'Compare with < and >: the same order on every machine.' },
      ],
      'no-restricted-globals': ['error', { name: 'Intl', message: 'Only with explicit locale and zone, and behind calendar or documents.' }],
      'no-restricted-syntax': ['error', noDefaultExport,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The run brings its own clock (as_of).' },
        { selector: "CallExpression[callee.name='parseFloat']", message: 'No float ever touches an amount.' },
      ],
    },
  },
  // The list of zone names, for suggestions; test/house holds the one use that is excused.
  { files: ['src/config/formats.ts'], rules: { 'no-restricted-globals': 'off' } },
);
