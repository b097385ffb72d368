import type { Linter } from 'eslint'
import { defineConfig } from 'eslint/config'
import jsdoc from 'eslint-plugin-jsdoc'
import vue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'

const everywhereForbidden = [
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Draw from a seeded stream (base/random.ts).',
  },
]
const clockForbidden = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Use base/clock.ts.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Use base/clock.ts.',
  },
  {
    selector: "MemberExpression[object.name='performance'][property.name='now']",
    message: 'Use base/clock.ts.',
  },
]
const environmentForbidden = [
  {
    selector: "MemberExpression[object.name='process'][property.name=/^(env|argv)$/]",
    message: 'Only entries read the environment and arguments.',
  },
]

/** Packages and Node modules that each have one home; everything else may not import them. */
const homes: Record<string, string[]> = {
  '@tensorflow/tfjs-core': ['src-main/tensor/tensorflow/backend.ts'],
  'onnxruntime-node': ['src-main/tensor/runtime/session.ts'],
  'better-sqlite3': ['src-main/lab/store/open.ts'],
  electron: ['src-main/hosts/desktop/**', 'src-main/entries/**'],
  ws: ['src-main/hosts/http/**'],
  'node:http': ['src-main/hosts/http/**'],
  'node:child_process': [
    'src-main/lab/jobs/worker-link.ts',
    'src-main/lab/bench/peer/**',
    'src-main/hosts/desktop/**',
    'src-main/hosts/cli/**',
    'src-main/entries/**',
  ],
  'node:fs': [
    'src-main/lab/store/**',
    'src-main/lab/reports/**',
    'src-main/learn/datasets/**',
    'src-main/tensor/runtime/memory-panels.ts',
    'src-main/entries/**',
    'src-main/hosts/**',
  ],
  'node:fs/promises': [
    'src-main/lab/store/**',
    'src-main/lab/reports/**',
    'src-main/lab/bench/peer/**',
    'src-main/learn/datasets/**',
    'src-main/tensor/runtime/memory-panels.ts',
    'src-main/entries/**',
    'src-main/hosts/**',
  ],
  echarts: ['src-renderer/charts/**', 'src-main/lab/reports/render-figure.ts'],
}

/** One config object for each home: its files may import all but the other packages' homes. */
const homeRules = (() => {
  const isGlob = (place: string) => place.endsWith('/**')
  // From the widest glob to the single file: of several configs that fit a file the last one counts.
  const files = [...new Set(Object.values(homes).flat())].sort(
    (a, b) => Number(isGlob(b)) - Number(isGlob(a)) || a.length - b.length,
  )
  const holds = (place: string, file: string) =>
    place === file || (isGlob(place) && file.startsWith(place.slice(0, -2)))
  const forbidding = (allowedAt: string | null): Linter.RulesRecord => ({
    'no-restricted-imports': [
      'error',
      {
        paths: Object.entries(homes)
          .filter(
            ([, places]) => allowedAt === null || !places.some((place) => holds(place, allowedAt)),
          )
          .map(([name, places]) => ({
            name,
            message: `Only in ${places.join(', ')}.`,
            allowTypeImports: true,
          })),
      },
    ],
  })
  return [
    { files: ['src-*/**/*.{ts,vue}'], rules: forbidding(null) },
    ...files.map((place) => ({ files: [place], rules: forbidding(place) })),
  ]
})()

export default defineConfig(
  {
    ignores: ['out/**', 'node_modules/**', 'test-results/**', 'test/config/dependency-cruiser.cjs'],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  ...vue.configs['flat/recommended'],
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: `${import.meta.dirname}/../..`,
        extraFileExtensions: ['.vue'],
      },
    },
    rules: {
      'no-console': 'error',
      'max-lines': ['error', 500],
      'max-depth': ['error', 4],
      'no-restricted-syntax': [
        'error',
        ...everywhereForbidden,
        ...clockForbidden,
        ...environmentForbidden,
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
    },
  },
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      'vue/html-self-closing': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multi-word-component-names': 'off',
    },
  },
  ...homeRules,
  {
    // Numerical inner loops: the index is bounded by the loop itself.
    files: [
      'src-main/{base,tensor,learn,geometry,theory}/**/*.ts',
      'src-main/lab/{experiments,bench}/**/*.ts',
      'src-shared/statistics/**/*.ts',
      'test/**/*.ts',
    ],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['src-main/base/clock.ts'],
    rules: { 'no-restricted-syntax': ['error', ...everywhereForbidden, ...environmentForbidden] },
  },
  {
    files: ['src-main/entries/**'],
    rules: { 'no-restricted-syntax': ['error', ...everywhereForbidden, ...clockForbidden] },
  },
  {
    files: ['test/**', '*.ts'],
    rules: {
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['test/bench/**', 'test/reference/**', 'test/support/setup.ts'],
    rules: { 'no-console': 'off', '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['src-main/{tensor,learn,geometry,theory}/**/*.ts', 'src-shared/**/*.ts'],
    plugins: { jsdoc },
    rules: {
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: true,
          require: { FunctionDeclaration: true, ClassDeclaration: true },
          contexts: ['TSInterfaceDeclaration'],
        },
      ],
      'jsdoc/no-types': 'error',
    },
  },
)
