import { buildModel, solveSize, type Model } from '#learn/models'
import type { ExperimentSpec } from '#shared/schemas'
import type { ExperimentData } from './data.ts'

/** The network of a spec on its data. */
export function modelOfSpec({ model }: ExperimentSpec, { train }: ExperimentData): Model {
  const { initialization, parameterization, parameters, weights: _, ...architecture } = model
  return buildModel(
    parameters === undefined ? architecture : solveSize(architecture, train, { parameters }),
    train,
    { initialization, parameterization },
  )
}
