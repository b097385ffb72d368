import { buildModel, solveSize, type Model } from '#learn/models'
import type { ExperimentSpec } from '#shared/schemas'
import type { ExperimentData } from './data.ts'

/** The network of a spec on its data. */
export function modelOfSpec({ model }: ExperimentSpec, { train }: ExperimentData): Model {
  const { initialization, parameterization, parameters, sizeBy, ...named } = model
  const architecture =
    parameters === undefined
      ? named
      : solveSize(named, train, { parameters, by: sizeBy }).architecture
  return buildModel(architecture, train, { initialization, parameterization })
}
