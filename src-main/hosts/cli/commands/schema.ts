import { experimentJsonSchema } from '#shared/contract'
import type { AddCommand } from '../context.ts'
import { jsonOption } from '../options.ts'

export const addSchema: AddCommand = (program, context) => {
  program
    .command('schema')
    .description('print the JSON Schema of an experiment spec')
    .addOption(jsonOption())
    .action(() => {
      context.printJson(experimentJsonSchema())
    })
}
