import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'
import { engineDescribe } from './engine-describe.ts'
import { experimentsDescribe } from './experiments-describe.ts'
import { reportsCreate } from './reports-create.ts'
import { runsCancel } from './runs-cancel.ts'
import { runsCreate } from './runs-create.ts'
import { runsDelete } from './runs-delete.ts'
import { runsGet } from './runs-get.ts'
import { runsList } from './runs-list.ts'
import { runsMetrics } from './runs-metrics.ts'
import { runsResume } from './runs-resume.ts'

/** The handlers of all methods over a store and its supervisor. */
export const createHandlers = (context: ApiContext): Handlers => ({
  'engine.describe': engineDescribe(context),
  'experiments.describe': experimentsDescribe(context),
  'runs.create': runsCreate(context),
  'runs.list': runsList(context),
  'runs.get': runsGet(context),
  'runs.metrics': runsMetrics(context),
  'runs.cancel': runsCancel(context),
  'runs.resume': runsResume(context),
  'runs.delete': runsDelete(context),
  'reports.create': reportsCreate(context),
})
