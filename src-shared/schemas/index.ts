export * from './experiment.ts'
export * from './measurement.ts'
export * from './run.ts'
export * from './worker.ts'
