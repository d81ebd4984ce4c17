import js from '@eslint/js'
import * as regexp from 'eslint-plugin-regexp'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const sources = ['packages/*/src/**/*.ts']

export default defineConfig(
  globalIgnores(['**/node_modules', '**/dist', '.runtime', '.data', '.tmp', 'test-report']),
  js.configs.recommended,
  {
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
    plugins: { regexp },
    rules: {
      // A pattern that backtracks in more than linear time is a way to stop the server with one request.
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'no-control-regex': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        setTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        clearTimeout: 'readonly',
        URL: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.lint.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // Records of functions have no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A function may keep a promise in its signature because the port asks for one.
      '@typescript-eslint/require-await': 'off',
      'max-params': ['error', 5],
      eqeqeq: 'error',
    },
  },
  {
    files: sources,
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is an argument; production passes systemRandom.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' },
        { selector: 'ClassDeclaration[abstract=true]', message: 'Plain functions over plain records.' },
      ],
    },
  },
  {
    // Where strangers' input is read, even a search that starts over at each character is too slow.
    files: ['packages/{protocol,server,accounts,resource}/src/**/*.ts'],
    rules: { 'regexp/no-super-linear-move': 'error' },
  },
  {
    files: ['packages/sallyport/src/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
)
