export { createCli, type Cli } from './create-cli.ts'
export type { CliIo, ExitCode } from './io.ts'
export type { CliServices, ComputeDescription, FoundEngine, RunningServer } from './services.ts'
