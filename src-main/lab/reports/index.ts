export { renderReport, type ReportOptions } from './render-report.ts'
