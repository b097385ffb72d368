import {
  alarmOf,
  formatCount,
  measuredValues,
  measurementChecks,
  measurementStatusWords,
  measurementTitle,
  methodEntries,
  resultTables,
  snapshotsTable,
  type Definition,
  type Figure,
  type HeadlineNumber,
  type MeasurementCheck,
  type ResultTable,
} from '#shared/figures'
import type { MeasurementDocument } from '#shared/schemas'
import { html, trusted, type Html } from './html.ts'
import { renderFigure } from './render-figure.ts'

/** Terms and what they are. */
export const definitionList = (entries: readonly Definition[]): Html =>
  html`<dl class="pairs">
    ${entries.map(
      ({ term, value, isCode }) =>
        html`<div>
          <dt>${term}</dt>
          <dd class="${isCode === true ? 'code' : 'plain'}">${value}</dd>
        </div> `,
    )}
  </dl>`

/** The numbers a run is known by. */
export const headline = (numbers: readonly HeadlineNumber[]): Html =>
  html`<dl class="numbers">
    ${numbers.map(
      ({ label, value, note, alarm }) =>
        html`<div>
          <dt>${label}</dt>
          <dd class="value">${value}</dd>
          ${alarm === null ? null : html`<dd class="alarm">${alarm.shape} ${alarm.word}</dd>`}
          <dd class="note">${note}</dd>
        </div> `,
    )}
  </dl>`

/** A figure in the frame all figures share. */
export function figureBlock(figure: Figure, name: string, height = 300): Html {
  const svg = renderFigure(figure.option, name, { width: 840, height })
  return html`<figure role="img" aria-label="${figure.description}">
    <h3>${figure.title}</h3>
    ${figure.warning == null ? null : html`<p class="alarm">✕ ${figure.warning}</p>`}
    ${trusted(svg)}
    <figcaption>${figure.caption}</figcaption>
  </figure>`
}

const resultTable = ({ title, columns, rows }: ResultTable): Html =>
  html`<div class="scroll">
    <table>
      <caption>
        ${title}
      </caption>
      <thead>
        <tr>
          ${columns.map(
            ({ text, isNumber }) =>
              html`<th scope="col" class="${isNumber ? 'number' : 'text'}">${text}</th> `,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ cells, isAlarming }) =>
            html`<tr class="${isAlarming ? 'alarm' : 'plain'}">
              ${cells.map(
                (cell, i) =>
                  html`<td class="${columns[i]?.isNumber === true ? 'number' : 'text'}">
                    ${cell}
                  </td> `,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`

const checkLine = ({ title, detail, holds }: MeasurementCheck): Html =>
  holds
    ? html`<p>✓ ${title}. <span class="soft">${detail}</span></p>`
    : html`<p class="alarm"><strong>✕ ${title}.</strong> ${detail}</p>`

/**
 * A measurement: its result, how it ended, what it was checked against, how it was made and what it cost.
 *
 * @param documents - One, or one a snapshot in step order: the last in full, all in a table.
 */
export function measurementBlock(documents: readonly MeasurementDocument[]): Html {
  const document = documents.at(-1)
  if (document === undefined) return html``
  const hasSteps = documents.length > 1
  const { shape, word } = measurementStatusWords[document.status]
  const tone = alarmOf(document.status) === null ? 'status' : 'status alarm'
  const step = hasSteps ? `, step ${formatCount(document.step)}` : ''
  // Eigenvalues stand in their table with their residuals.
  const values =
    document.kind === 'eigenpairs' || document.kind === 'interior' ? [] : measuredValues(document)
  return html`<section class="block">
    <h3>${measurementTitle(document)}${step} · <span class="${tone}">${shape} ${word}</span></h3>
    ${values.map(
      ({ label, value, note }) =>
        html`<p>${label} = ${value}${note === '' ? '' : ` (${note})`}</p> `,
    )}
    ${measurementChecks(document).map(checkLine)} ${resultTables(document).map(resultTable)}
    ${hasSteps ? resultTable(snapshotsTable(documents)) : null}
    ${definitionList(methodEntries(document))}
  </section>`
}
