export { forecastProducts, measureQuantity } from './measure.ts'
export type { MeasureSite, SiteFacts } from './site.ts'
