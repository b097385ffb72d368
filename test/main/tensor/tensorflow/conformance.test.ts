import { describe, expect, test } from 'vitest'
import { shapeRules } from '#tensor/program'
import { tensorflowRules } from '#tensor/tensorflow'
import { conformancePrograms, expectConformance } from '../../../support/conformance.ts'
import { plainTensorflow } from '../../../support/tensorflow.ts'

const primitives = Object.keys(shapeRules).sort()

describe('the conformance programs', () => {
  test('hold every primitive of the closed list', () => {
    const used = conformancePrograms.flatMap(({ program }) =>
      program.equations.map(({ primitive }) => primitive),
    )
    expect([...new Set(used)].sort()).toEqual(primitives)
  })

  test('have names of their own', () => {
    const names = conformancePrograms.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('TensorFlow.js', () => {
  test('has a rule for every primitive', () => {
    expect(Object.keys(tensorflowRules).sort()).toEqual(primitives)
  })

  test.each(conformancePrograms)('agrees with float64 on $name', async (each) => {
    const { runtime } = await plainTensorflow()
    await expectConformance(runtime, 1e-4, [each])
  })
})
