import { describe, expect, test } from 'vitest'
import {
  headlineNumbers,
  matrixGroups,
  measuredValues,
  measurementChecks,
  measurementLabel,
  measurementStatusWords,
  measurementText,
  measurementTitle,
  methodEntries,
  resultTables,
  snapshotsTable,
} from '#shared/figures'
import { measurementDocumentSchema, type MeasurementDocument } from '#shared/schemas'
import {
  makeDense,
  makeDiagonal,
  makeEigenpairsAt,
  makeEveryMeasurement,
  makeEvolution,
  makeFullDensity,
  makeInterior,
  makeScalar,
  makeTraceAt,
  ofMatrix,
} from '../support/recorded/make-spectrum.ts'
import { makeDensity, makeEigenpairs, makeTrace } from '../support/recorded/make-measurements.ts'

const every = makeEveryMeasurement()
const valuesOf = (document: MeasurementDocument): string[] =>
  measuredValues(document).map(({ label, value }) => `${label} = ${value}`)
const firstRow = (document: MeasurementDocument, table = 0): readonly string[] | undefined =>
  resultTables(document)[table]?.rows[0]?.cells

test('the documents of the tests are documents', () => {
  for (const document of [...every, makeDensity(), makeEigenpairs(), makeTrace()]) {
    expect(measurementDocumentSchema.parse(document)).toEqual(document)
  }
  expect(new Set(every.map(({ kind }) => kind)).size).toBe(8)
  expect(new Set(every.map(({ status }) => status)).size).toBe(
    Object.keys(measurementStatusWords).length,
  )
})

describe('measuredValues', () => {
  test.each<[MeasurementDocument, string[]]>([
    [makeEigenpairsAt(920), ['λmax = 4.22510', 'λmin = −0.01603745']],
    [makeInterior(), ['λ nearest 0 = 1.200·10⁻⁵']],
    [makeTraceAt(920), ['tr H = 26.1 ± 0.4']],
    [makeScalar('effective-rank', 5.05), ['tr H / λmax = 5.05 ± 0.10']],
    [makeScalar('goldilocks-ratio', 2), ['tr H / ‖H‖ = 2.00 ± 0.04']],
    [makeScalar('bulk-ratio', null), ['λmax / bulk = not defined']],
    [makeDiagonal(), ['rms of diag H = 0.083', 'tr H = 21.4 ± 0.6']],
    [makeDense(), ['λmax = 4.225102', 'λmin = −0.01603745', 'tr H = 26.10069', 'Below zero = 60']],
    [makeEvolution(), ['λmax = 0.2486 → 4.225', 'Gradient in the leading space = 85.0 %']],
  ])('of $kind carry their uncertainty', (document, expected) => {
    expect(valuesOf(document)).toEqual(expected)
  })

  test('of a density count what is negative and what is zero, with an interval at the level', () => {
    const document: MeasurementDocument = {
      ...makeFullDensity(),
      negative: { value: 61.4, lower: 48, upper: 78.8 },
      zero: { value: 0.113, lower: 0.06, upper: 0.2, threshold: 1e-5 },
    }
    expect(valuesOf(document).slice(1)).toEqual([
      'Negative eigenvalues = 61 (48 to 79)',
      'At zero = 11.3 % (6.0 % to 20.0 %)',
    ])
    expect(measuredValues(document)[1]?.note).toBe('of 442, 95 % interval')
    expect(valuesOf(makeDensity())).toHaveLength(1)
  })

  test('name the matrix they are of', () => {
    expect(valuesOf(ofMatrix(makeTraceAt(920), { operator: 'ggn' }))).toEqual(['tr G = 26.1 ± 0.4'])
    expect(valuesOf(ofMatrix(makeScalar('square-trace', 3), { operator: 'ntk' }))).toEqual([
      'tr K² = 3.00 ± 0.06',
    ])
  })

  test('are none where nothing was found', () => {
    expect(measuredValues({ ...makeEigenpairsAt(920), top: [], bottom: [] })).toEqual([])
    expect(measuredValues({ ...makeInterior(), pairs: [] })).toEqual([])
    expect(measuredValues({ ...makeEvolution(), rows: [] })).toEqual([])
    expect(measuredValues({ ...makeDense(), eigenvalues: [] })).toEqual([])
    expect(measurementText({ ...makeEvolution(), rows: [] })).toContain('nothing found')
  })
})

describe('measurementText', () => {
  test('begins with what must not be missed', () => {
    const texts = new Map(every.map((document) => [document.status, measurementText(document)]))
    expect(texts.get('not-converged')).toMatch(/^◐ NOT CONVERGED · /)
    expect(texts.get('out-of-domain')).toMatch(/^◇ OUT OF DOMAIN · /)
    expect(texts.get('inconsistent')).toMatch(
      /^✕ INCONSISTENT · ✕ The moment self-check does not hold: do not use this density · tr G/,
    )
    for (const status of ['converged', 'estimated', 'exact'] as const) {
      expect(texts.get(status)).not.toMatch(/^[◐◇✕]/)
    }
  })

  test('tells values, method and cost', () => {
    expect(measurementText(makeTrace())).toBe(
      'tr H = 37.3 ± 0.9 · Hutchinson, Rademacher probes · 64 products',
    )
    expect(measurementText(makeInterior())).toContain(
      '0.00008 (residuals ≤ 0.0002) · 3 of 4 values converged within 4,000 products; allow more products or ask for fewer values · Lanczos on a Chebyshev filter',
    )
  })

  test('goes with a label of matrix and step, and names a block', () => {
    const block = every.at(-1)!
    expect(measurementLabel(block)).toBe('eigenpairs')
    expect(measurementText(block)).toMatch(
      /^H, block of layers.0.weight and layers.0.bias, validation data · top 4.225/,
    )
    const covariance = ofMatrix(makeTraceAt(100), { operator: 'gradient-covariance' })
    expect(measurementLabel(covariance, true)).toBe('trace of C, step 100')
    expect(measurementLabel(makeScalar('bulk-ratio', 2))).toBe('bulk-ratio')
  })
})

describe('resultTables', () => {
  test('of interior eigenvalues mark all where nearer ones may be missing', () => {
    const [table] = resultTables(makeInterior())
    expect(table?.title).toBe('Eigenvalues nearest 0')
    expect(table?.rows.map(({ isAlarming }) => isAlarming)).toEqual([true, true, true, true])
    const settled: MeasurementDocument = { ...makeInterior(), status: 'converged' }
    expect(resultTables(settled)[0]?.rows.some(({ isAlarming }) => isAlarming)).toBe(false)
  })

  test('of a number show its parts, of a diagonal those of the tensors', () => {
    expect(firstRow(makeScalar('effective-rank', 5))).toEqual(['tr H', '21.4 ± 0.4'])
    expect(firstRow(ofMatrix(makeScalar('bulk-ratio', 5), { operator: 'ggn' }))?.[0]).toBe('tr G')
    expect(firstRow(makeDiagonal())).toEqual([
      'layers.0.weight',
      '256',
      '9.30 ± 0.21',
      '43.5 %',
      '0.0363',
    ])
    expect(firstRow(makeDiagonal(), 1)).toEqual(['0 %', '−0.04'])
  })

  test('of a density show its checks and the eigenvalues found first', () => {
    expect(resultTables(makeFullDensity()).map(({ title }) => title)).toEqual([
      'Moments, against fresh probes',
      'Against Chebyshev moments',
      'Eigenvalues found first',
    ])
    expect(resultTables(makeDensity())).toEqual([])
  })

  test('of an evolution show outliers beside the classes, and what did not converge', () => {
    const [table] = resultTables(makeEvolution())
    expect(table?.title).toBe('Snapshots; the data has 10 classes')
    expect(table?.rows.map(({ isAlarming }) => isAlarming)).toEqual([
      ...[false, false, true],
      ...[false, false, false],
    ])
    expect(table?.rows[0]?.cells).toEqual([
      ...['0', 'Converged', '0.24864', '−0.096000', '–', '–', '1.45', '35.0 %', '10⁻⁹', '–', '62'],
    ])
    expect(resultTables({ ...makeEvolution(), classCount: null })[0]?.title).toBe('Snapshots')
  })

  test('of an evolution tell no chance from another that is as good as none', () => {
    const rows = resultTables(makeEvolution())[0]!.rows
    expect(rows.map(({ cells }) => cells[8])).toEqual([
      '10⁻⁹',
      ...Array.from({ length: 5 }, () => '< 10⁻¹²'),
    ])
  })

  test('over snapshots have a line each', () => {
    const { rows } = snapshotsTable([makeTraceAt(10), makeTraceAt(30)])
    expect(rows).toEqual([
      { cells: ['10', 'Estimated', 'tr H = 14.1 ± 0.4', '60'], isAlarming: false },
      { cells: ['30', 'Not converged', 'tr H = 16.0 ± 0.4', '60'], isAlarming: true },
    ])
  })
})

describe('measurementChecks', () => {
  test('say loudly what does not hold', () => {
    const density = makeFullDensity()
    expect(measurementChecks(density).map(({ holds }) => holds)).toEqual([true, true])
    const broken = {
      ...density,
      selfCheck: { ...density.selfCheck!, passes: false },
      crossCheck: { ...density.crossCheck!, passes: false },
    }
    expect(measurementChecks(broken).map(({ title }) => title)).toEqual([
      'The moment self-check does not hold: do not use this density',
      'Chebyshev moments do not agree: do not use this density',
    ])
    expect(measurementChecks(makeDensity())).toEqual([])
  })
})

describe('matrixGroups', () => {
  test('part measurements by matrix, the whole Hessian first', () => {
    expect(matrixGroups(every.toReversed()).map(({ heading }) => heading)).toEqual([
      'Hessian H',
      'Hessian H, block of layers.0.weight and layers.0.bias, validation data',
      'Gauss–Newton matrix G',
    ])
  })

  test('title their measurements by what sets them apart', () => {
    expect(measurementTitle(makeScalar('participation-ratio', 2))).toBe('Participation ratio')
    expect(measurementTitle(ofMatrix(makeDense(), { operator: 'residual' }))).toBe(
      'Whole spectrum of E',
    )
    const tensors = ['a', 'b', 'c', 'd']
    expect(measurementTitle(ofMatrix(makeDense(), { tensors }))).toBe(
      'Whole spectrum of H, block of 4 tensors from a',
    )
  })
})

describe('headlineNumbers', () => {
  const numbers = (measurements: MeasurementDocument[]) =>
    headlineNumbers({ parameterCount: null, measurements }, null).map(
      ({ label, value, alarm }) => `${label} ${value}${alarm === null ? '' : ` ${alarm.word}`}`,
    )

  test('are of the whole Hessian at the last step, others under names of their own', () => {
    expect(numbers(every)).toEqual([
      'λmax 4.22510',
      'λmin −0.01603745',
      'tr H 26.1 ± 0.4',
      'tr H / λmax 5.05 ± 0.10',
      'λmax of G 4.22510 Not converged',
      'λmin of G −0.01603745 Not converged',
      'λmax / bulk of G not defined Out of domain',
    ])
  })

  test('are taken neither from a block nor from other data, whatever came last', () => {
    const tensors = ['layers.0.weight']
    expect(
      numbers([
        makeEigenpairsAt(920),
        ofMatrix(makeEigenpairsAt(920, 1), { tensors }),
        ofMatrix(makeEigenpairsAt(920, 2), { split: 'validation' }),
        makeEigenpairsAt(300, 3),
      ]),
    ).toEqual(['λmax 4.22510', 'λmin −0.01603745'])
  })

  test('carry the status of a number that did not converge', () => {
    expect(numbers([makeTraceAt(30)])).toEqual(['tr H 16.0 ± 0.4 Not converged'])
  })

  test('take the ends of a whole spectrum where nothing else has them', () => {
    expect(numbers([makeDense()])).toEqual(['λmax 4.225102', 'λmin −0.01603745'])
  })
})

test.each(every.map((document) => [document.kind, document] as const))(
  'a measurement of %s tells matrix, method, step and cost',
  (_, document) => {
    const entries = new Map(methodEntries(document).map(({ term, value }) => [term, value]))
    for (const term of ['Matrix', 'Method', 'Measured at', 'Samples', 'Seed', 'Cost']) {
      expect(entries.get(term)).toBeTruthy()
    }
    expect(entries.has('Order')).toBe(document.size !== null)
    expect(entries.get('File')).toBe(
      document.kind === 'diagonal' ? 'diagonal-4-000000920.npy' : undefined,
    )
  },
)

describe('methodEntries', () => {
  test('say what the tolerance of each search is a share of', () => {
    const toleranceOf = (document: MeasurementDocument) =>
      methodEntries(document).find(({ term }) => term === 'Tolerance')?.value
    expect(toleranceOf({ ...makeInterior(), tolerance: 0.01 })).toBe('0.01 of the largest |λ|')
    expect(toleranceOf(makeEigenpairs())).toMatch(/ of \|λ\|, or of 1 % of the largest \|λ\|/)
  })

  test.each([
    ['the operator is 0.', 'The operator is 0.'],
    ['λmax: the operator is 0.', 'λmax: the operator is 0.'],
    ['tr H is uncertain.', 'tr H is uncertain.'],
  ])('give the note %s as sentences', (note, shown) => {
    expect(methodEntries({ ...makeTrace(), note }).at(-1)?.value).toBe(shown)
  })
})

test('the residual part is named with what it is', () => {
  const residual = ofMatrix(makeTrace(), { operator: 'residual' })
  expect(matrixGroups([residual])[0]?.heading).toBe('Residual part E = H − G')
})
