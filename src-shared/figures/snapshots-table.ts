import type { MeasurementDocument } from '../schemas/index.ts'
import { formatCount } from './format.ts'
import { valuesText } from './measurement-text.ts'
import type { ResultTable } from './result-tables.ts'
import { alarmOf, measurementStatusWords } from './status-words.ts'

/**
 * One measurement at each of its snapshots, in a line each.
 *
 * @param documents - In step order.
 */
export const snapshotsTable = (documents: readonly MeasurementDocument[]): ResultTable => ({
  title: 'At each snapshot',
  columns: [
    { text: 'Step', isNumber: true },
    { text: 'Status', isNumber: false },
    { text: 'Result', isNumber: false },
    { text: 'Products', isNumber: true },
  ],
  rows: documents.map((document) => ({
    cells: [
      formatCount(document.step),
      measurementStatusWords[document.status].word,
      valuesText(document),
      formatCount(document.cost.products),
    ],
    isAlarming: alarmOf(document.status) !== null,
  })),
})
