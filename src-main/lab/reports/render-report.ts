import {
  dataCardEntries,
  formatTime,
  headlineNumbers,
  mainTrainingFigures,
  matrixFigures,
  matrixGroups,
  meanings,
  moreTrainingFigures,
  provenanceEntries,
  runStatusWords,
  settingsGroups,
  spectrumFigure,
  tokenReading,
  trainingEndText,
  type MatrixGroup,
} from '#shared/figures'
import type { MetricRow, RunDetail, RunSummary } from '#shared/schemas'
import { html, trusted, type Html } from './html.ts'
import { definitionList, figureBlock, headline, measurementBlock } from './parts.ts'
import { reportStyle } from './style.ts'

/** Settings of {@link renderReport}. */
export interface ReportOptions {
  /** ISO 8601 time to print; without it the report depends on the run alone. */
  readonly generatedAt: string
}

/**
 * A run as one self-contained HTML document: figures, numbers with their uncertainties, methods, settings
 * and provenance. It runs no script and loads nothing.
 *
 * Deterministic: equal arguments give equal bytes. All text of the run is escaped.
 *
 * @param metrics - Rows in step order.
 */
export function renderReport(
  detail: RunDetail,
  metrics: readonly MetricRow[],
  options?: ReportOptions,
): string {
  const { summary } = detail
  const last = metrics.at(-1) ?? summary.lastMetrics
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <title>${summary.name}, seed ${summary.seed} · Saddle report</title>
        <style>
          ${trusted(reportStyle)}
        </style>
      </head>
      <body>
        <main>
          ${heading(summary, options)} ${headline(headlineNumbers(detail, last))}
          ${training(detail, metrics)} ${spectrum(detail)} ${settings(detail)} ${origin(detail)}
          <h2>Definitions</h2>
          ${definitionList(meanings)}
        </main>
      </body>
    </html> `
  return document.text
}

function heading(summary: RunSummary, options: ReportOptions | undefined): Html {
  const { shape, word } = runStatusWords[summary.status]
  const times = [
    ...(summary.startedAt === null ? [] : [`started ${formatTime(summary.startedAt)}`]),
    ...(summary.endedAt === null ? [] : [`ended ${formatTime(summary.endedAt)}`]),
    ...(options === undefined ? [] : [`report written ${formatTime(options.generatedAt)}`]),
  ]
  return html`<h1>${summary.name}</h1>
    <p class="soft">
      ${summary.dataKind} · ${summary.modelLabel} · seed ${summary.seed} · run ${summary.id}
    </p>
    <p>
      <span class="status">${shape} ${word}</span
      >${times.length > 0 ? ` · ${times.join(' · ')}` : ''}
    </p>
    ${summary.error === null ? null : html`<p>Reason: ${summary.error.message}</p>`}`
}

function training(detail: RunDetail, metrics: readonly MetricRow[]): Html {
  const more = moreTrainingFigures(metrics, tokenReading(detail))
  const figures = [...mainTrainingFigures(metrics), ...more.figures]
  const missing = figures.length === 0 ? [] : more.unrecorded
  const { trainingEnd } = detail
  return html`<h2>Training</h2>
    ${trainingEnd === null ? null : html`<p>Training ${trainingEndText(trainingEnd)}.</p>`}
    ${missing.length === 0 ? null : html`<p class="soft">Not recorded: ${missing.join(', ')}.</p>`}
    ${figures.length === 0 ? html`<p class="soft">Nothing was recorded.</p>` : null}
    ${figures.map((figure, i) => figureBlock(figure, `learning-${String(i + 1)}`, 240))}`
}

/** Of each matrix its figures and its measurements. */
function spectrum({ measurements: documents, spec }: RunDetail): Html {
  const wanted = spec.measure.length
  const made = new Set(documents.map(({ index }) => index)).size
  const missing =
    made < wanted ? html`<p class="soft">${made} of ${wanted} measurements were made.</p>` : null
  return html`<h2>Measurements</h2>
    ${missing} ${matrixGroups(documents).map(matrixSection)}`
}

function matrixSection({ heading, documents }: MatrixGroup, place: number): Html {
  const name = `spectrum-${String(place + 1)}`
  const linear = spectrumFigure(documents, { axis: 'linear', scale: 'log' })
  const asinh = spectrumFigure(documents, { axis: 'asinh' })
  const measurements = Map.groupBy(documents, ({ index }) => index)
  return html`<h2>${heading}</h2>
    ${
      linear === null || asinh === null
        ? null
        : [
            figureBlock(
              { ...linear, title: `${linear.title}, linear axis` },
              `${name}-linear`,
              340,
            ),
            figureBlock({ ...asinh, title: `${asinh.title}, asinh axis` }, `${name}-asinh`, 340),
          ]
    }
    ${matrixFigures(documents, { axis: 'asinh' }).map((figure, i) =>
      figureBlock(figure, `${name}-${String(i + 1)}`, 280),
    )}
    ${[...measurements.values()].map(measurementBlock)}`
}

const settings = ({ spec }: RunDetail): Html =>
  html`<h2>Settings</h2>
    ${settingsGroups(spec).map(
      ({ title, entries }) =>
        html`<section class="block">
          <h3>${title}</h3>
          ${definitionList(entries)}
        </section>`,
    )}`

const origin = ({ dataCard, provenance }: RunDetail): Html =>
  html`${
    dataCard === null
      ? null
      : html`<h2>Data</h2>
          ${definitionList(dataCardEntries(dataCard))}`
  }
  ${
    provenance === null
      ? null
      : html`<h2>Provenance</h2>
          ${definitionList(provenanceEntries(provenance))}`
  }`
