export { measureEvolution } from './evolution.ts'
export { forecastProducts, measureQuantity, type QuantitySpec } from './measure.ts'
export type { MeasureSite, SiteFacts, StateKeeper } from './site.ts'
export { formatState, parseState } from './state-codec.ts'
