import {
  eigenvalueRows,
  formatWithUncertainty,
  measurementNames,
  measurementStatusWords,
  methodEntries,
  type Definition,
  type Figure,
  type HeadlineNumber,
} from '#shared/figures'
import type { EigenpairsDocument, MeasurementDocument } from '#shared/schemas'
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
      ({ label, value, note }) =>
        html`<div>
          <dt>${label}</dt>
          <dd class="value">${value}</dd>
          <dd class="note">${note}</dd>
        </div> `,
    )}
  </dl>`

/** A figure in the frame all figures share. */
export function figureBlock(figure: Figure, name: string, height = 300): Html {
  const svg = renderFigure(figure.option, name, { width: 840, height })
  return html`<figure role="img" aria-label="${figure.description}">
    <h3>${figure.title}</h3>
    ${trusted(svg)}
    <figcaption>${figure.caption}</figcaption>
  </figure>`
}

function eigenvalueTable(document: EigenpairsDocument): Html {
  const rows = eigenvalueRows(document)
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Eigenvalue</th>
          <th scope="col">λ</th>
          <th scope="col">Residual</th>
          <th scope="col">Residual / |λ|max</th>
          <th scope="col">Status</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <th scope="row">${row.label}</th>
              <td>${row.value}</td>
              <td>${row.residual}</td>
              <td>${row.relativeResidual}</td>
              <td>${row.isConverged ? 'converged' : 'above tolerance'}</td>
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`
}

function resultOf(document: MeasurementDocument): Html {
  switch (document.kind) {
    case 'eigenpairs':
      return eigenvalueTable(document)
    case 'trace':
      return html`<p>
        tr H = ${formatWithUncertainty(document.value, document.standardError)} (± 1 standard error
        over ${document.probes} probes)
      </p>`
    case 'density': {
      const { mean, meanStandardError, square, squareStandardError } = document.moments
      return html`<p>
        tr H / n = ${formatWithUncertainty(mean, meanStandardError)}, tr H² / n =
        ${formatWithUncertainty(square, squareStandardError)} (± 1 standard error over
        ${document.probes} probes)
      </p>`
    }
  }
}

/** A measurement: its result, how it ended, how it was made and what it cost. */
export function measurementBlock(document: MeasurementDocument): Html {
  const { shape, word } = measurementStatusWords[document.status]
  return html`<section class="block">
    <h3>${measurementNames[document.kind]} · <span class="status">${shape} ${word}</span></h3>
    ${resultOf(document)} ${definitionList(methodEntries(document))}
  </section>`
}
