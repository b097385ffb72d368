import { workloadsNamed } from '../workloads/standard.ts'
import type { Top10Problem } from './measure-top10.ts'

/** Steps after which eigenvalues stand off the bulk, the loss far from zero still. */
const trained = { steps: 60, learningRate: 0.1 }
const untrained = { steps: 0, learningRate: 0 }

const [perceptron, residual] = workloadsNamed(['W2', 'W4']) as [
  Top10Problem['workload'],
  Top10Problem['workload'],
]

/** Hessians whose largest eigenvalues are searched: without gaps, and with outliers. */
export const standardProblems: readonly Top10Problem[] = [
  { id: 'W2 untrained', workload: perceptron, training: untrained },
  { id: 'W2 trained', workload: perceptron, training: trained },
  { id: 'W4 trained', workload: residual, training: trained },
]
