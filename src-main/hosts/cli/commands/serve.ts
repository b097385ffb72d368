import type { AddCommand } from '../context.ts'
import { integer, jsonOption, storeOption } from '../options.ts'
import { serveUntilInterrupted } from '../serving.ts'

interface Options {
  readonly port: number
  readonly host: string
  readonly allowRemote?: true
  readonly store?: string
  readonly open: boolean
  readonly json?: true
}

export const addServe: AddCommand = (program, context) => {
  program
    .command('serve')
    .description('run the engine with its web interface on this machine')
    .option('--port <number>', 'port to listen on; 0 for a free one', integer(0, 65_535), 0)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--allow-remote', 'allow an address that other machines can reach')
    .addOption(storeOption())
    .option('--no-open', 'do not open a browser')
    .addOption(jsonOption())
    .action((options: Options) =>
      serveUntilInterrupted(context, {
        storeFolder: context.storeFolder(options.store),
        host: options.host,
        port: options.port,
        allowRemote: options.allowRemote ?? false,
        opensBrowser: options.open,
        asJson: options.json ?? false,
      }),
    )
}
