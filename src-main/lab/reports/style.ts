import { darkColors, lightColors, type FigureColors } from '#shared/figures'

const variables = (colors: FigureColors): string =>
  [
    `--ink: ${colors.ink}`,
    `--ink-soft: ${colors.inkSoft}`,
    `--line: ${colors.line}`,
    `--surface: ${colors.surface}`,
    ...colors.series.map((color, i) => `--series-${String(i + 1)}: ${color}`),
  ].join('; ')

/** The report's whole style: the colors of screen and paper, and a page that prints. */
export const reportStyle = `
:root { color-scheme: light dark; --alarm: #b03a00; ${variables(lightColors)} }
@media screen and (prefers-color-scheme: dark) { :root { --alarm: #ff9a6b; ${variables(darkColors)} } }
* { box-sizing: border-box }
body {
  margin: 0 auto; max-width: 56rem; padding: 2.5rem 1.5rem 4rem;
  background: var(--surface); color: var(--ink);
  font: 0.9375rem/1.5 'Inter Variable', Inter, system-ui, -apple-system, 'Segoe UI', sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere }
h2 { margin: 2.5rem 0 0.75rem; padding-top: 0.75rem; border-top: 1px solid var(--line); font-size: 1.125rem }
h3 { margin: 1.5rem 0 0.5rem; font-size: 0.9375rem }
p { margin: 0.25rem 0; overflow-wrap: anywhere }
.soft, figcaption, dt, thead th { color: var(--ink-soft) }
.status { font-weight: 600 }
.alarm { color: var(--alarm); font-weight: 600 }
.code { font-family: 'JetBrains Mono', ui-monospace, Menlo, monospace; font-size: 0.875em; overflow-wrap: anywhere }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1rem; margin: 1.5rem 0 0 }
.numbers dt, .numbers .note { font-size: 0.8125rem; color: var(--ink-soft) }
.numbers dd { margin: 0 }
.numbers .value { font-size: 1.25rem; font-weight: 500 }
.pairs { margin: 0 }
.pairs div { display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 1rem; padding: 0.125rem 0 }
.pairs dd { margin: 0; overflow-wrap: anywhere }
figure { margin: 1rem 0 1.5rem; break-inside: avoid }
figure svg { display: block; width: 100%; min-width: 34rem; height: auto }
figcaption { margin-top: 0.5rem; font-size: 0.8125rem }
figure, .scroll { overflow-x: auto }
table { border-collapse: collapse; margin: 0.5rem 0 }
th, td { padding: 0.125rem 1rem 0.125rem 0; border-bottom: 1px solid var(--line); text-align: left; font-weight: 400 }
.number { text-align: right }
td { white-space: nowrap }
caption { text-align: left; font-weight: 500; white-space: nowrap }
section.block { break-inside: avoid }
@media (max-width: 40rem) { .pairs div { grid-template-columns: minmax(0, 1fr); gap: 0 } }
@media print { figure svg { min-width: 0 } body { max-width: none; padding: 0 } }
`
