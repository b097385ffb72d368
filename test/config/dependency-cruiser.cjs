/** The import rules of the house, as a table: a folder may import what its row names, and `base`. */
const main = (path) => `^src-main/${path}/`
const shared = '^src-shared/'
const table = {
  'tensor/dense': [],
  'tensor/program': ['tensor/dense'],
  'tensor/transforms': ['tensor/dense', 'tensor/program'],
  'tensor/runtime': ['tensor/dense', 'tensor/program', 'tensor/transforms'],
  'tensor/tensorflow': ['tensor/dense', 'tensor/program', 'tensor/runtime'],
  'learn/tasks': [],
  'learn/layers': ['tensor/dense', 'tensor/program'],
  'learn/models': ['tensor/dense', 'tensor/program', 'learn/layers', 'learn/tasks'],
  'learn/optimizers': ['tensor/dense', 'tensor/program'],
  'learn/datasets': ['tensor/dense', 'learn/tasks'],
  'learn/training': ['learn/optimizers', 'tensor/[a-z]+'],
  'geometry/operators': ['tensor/dense'],
  'geometry/spectral': ['tensor/dense', 'geometry/operators'],
  'geometry/curvature': ['geometry/operators', 'tensor/[a-z]+'],
  'geometry/landscape': ['tensor/dense', 'geometry/operators'],
  'theory/spectra': ['tensor/dense', 'geometry/spectral'],
  'lab/experiments': ['tensor/[a-z]+', 'learn/[a-z]+', 'geometry/[a-z]+', 'theory/[a-z]+'],
  'lab/bench': ['tensor/[a-z]+', 'learn/[a-z]+', 'geometry/[a-z]+'],
  'lab/store': [],
  'lab/jobs': ['lab/store', 'lab/experiments'],
  'lab/reports': ['lab/store', 'theory/[a-z]+'],
  'lab/api': ['lab/jobs', 'lab/store', 'lab/reports', 'lab/experiments'],
  'hosts/http': ['lab/api'],
  'hosts/desktop': ['lab/api'],
  'hosts/cli': ['lab/api', 'lab/experiments', 'lab/bench'],
}
// Spectral reduces probes by the same statistics that reports and charts use.
const seesShared = /^(geometry\/spectral|theory|lab|hosts)(\/|$)/

const rows = Object.entries(table).map(([folder, allowed]) => ({
  name: `only-its-row: ${folder}`,
  severity: 'error',
  from: { path: main(folder) },
  to: {
    path: '^src-',
    pathNot: [
      main(folder),
      '^src-main/base/',
      ...allowed.map(main),
      ...(seesShared.test(folder) ? [shared] : []),
    ],
  },
}))

module.exports = {
  forbidden: [
    ...rows,
    {
      name: 'no-circular',
      comment: 'A form of nested groups is drawn by components that hold each other.',
      severity: 'error',
      from: {
        pathNot: '^src-renderer/components/design/[A-Za-z]+View\\.vue$|(Group|More)Fields\\.vue$',
      },
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', 'tsconfig', '^src-main/entries/'] },
      to: {},
    },
    {
      name: 'base-imports-nothing',
      severity: 'error',
      from: { path: '^src-main/base/' },
      to: { path: '^src-', pathNot: '^src-main/base/' },
    },
    {
      name: 'shared-imports-only-shared',
      severity: 'error',
      from: { path: shared },
      to: { path: '^src-', pathNot: shared },
    },
    {
      name: 'shared-has-one-package',
      severity: 'error',
      from: { path: shared },
      to: { dependencyTypes: ['npm', 'core'], pathNot: 'node_modules/zod/' },
    },
    {
      name: 'renderer-never-sees-main',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^src-main/' },
    },
    {
      name: 'charts-stay-alone',
      severity: 'error',
      from: { path: '^src-renderer/charts/' },
      to: { path: '^src-renderer/', pathNot: '^src-renderer/charts/' },
    },
    {
      name: 'nobody-imports-entries',
      severity: 'error',
      from: { pathNot: '^src-main/entries/' },
      to: { path: '^src-main/entries/' },
    },
    {
      name: 'only-through-the-face',
      comment: 'Another folder is entered by its index.ts.',
      severity: 'error',
      from: { path: '^src-main/([a-z]+/[a-z]+|base)/' },
      to: {
        path: '^src-main/([a-z]+/[a-z]+|base)/',
        pathNot: [
          '^src-main/$1/',
          '^src-main/base/index\\.ts$',
          '^src-main/[a-z]+/[a-z]+/index\\.ts$',
        ],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'test/config/tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.vue', '.js'],
    },
  },
}
