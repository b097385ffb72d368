import { add, mul, type Tracer } from '#tensor/program'

/** β·mean + (1 − β)·x */
export const runningMean = (mean: Tracer, x: Tracer | number, decay: number): Tracer =>
  typeof x === 'number'
    ? add(mul(mean, decay), (1 - decay) * x)
    : add(mul(mean, decay), mul(x, 1 - decay))
