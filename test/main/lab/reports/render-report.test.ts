import { describe, expect, test } from 'vitest'
import { renderReport } from '#lab/reports'
import { makeRun } from '../../../support/recorded/make-runs.ts'
import { hostile, measured, trained } from '../../../support/recorded/recordings.ts'

const { detail, metrics } = makeRun({ id: 'a' })
const report = renderReport(detail, metrics)

/** Tags that stay open or close what is not open; void and self-closed ones count for nothing. */
function unbalanced(html: string): string[] {
  const empty = new Set(['meta', '!doctype'])
  const open: string[] = []
  const wrong: string[] = []
  for (const [, slash, name, rest] of html.matchAll(/<(\/?)([!a-zA-Z][\w-]*)([^>]*)>/g)) {
    const tag = name!.toLowerCase()
    if (empty.has(tag) || rest!.endsWith('/')) continue
    if (slash === '') open.push(tag)
    else if (open.pop() !== tag) wrong.push(tag)
  }
  return [...wrong, ...open]
}

describe('renderReport', () => {
  test('gives equal bytes for equal input, whatever was drawn before', () => {
    const { detail: other, metrics: rows } = makeRun({ id: 'b', seed: 3 })
    renderReport(other, rows)
    expect(renderReport(detail, metrics) === report).toBe(true)
  })

  test('is well formed and loads nothing', () => {
    expect(unbalanced(report)).toEqual([])
    expect(report).not.toMatch(/<(script|link|iframe|img|object|embed|base|form)\b/i)
    expect(report).not.toMatch(/\b(src|href|srcset|action|data)\s*=/i)
    expect(report).not.toMatch(/\bon\w+\s*=|url\((?!#)|@import|javascript:/i)
    expect(report.replaceAll('http://www.w3.org/2000/svg', '')).not.toContain('http://')
    expect(report).not.toContain('https://')
  })

  test('has every figure once, with ids of its own', () => {
    const ids = [...report.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every((id) => /^(learning-[1-7]|spectrum-1-(linear|asinh))-/.test(id!))).toBe(true)
    expect(report.match(/<svg/g)).toHaveLength(9)
    expect(report).not.toMatch(/#010[ab]0/)
  })

  test('tells numbers with uncertainty, method, seed, cost and status', () => {
    for (const text of [
      'tr H = 37.3 ± 0.9',
      'Lanczos, full reorthogonalization, depth 124',
      '400 Hessian-vector products in 2.6 s',
      '● Converged',
      '≈ Estimated',
      detail.provenance!.specHash,
      'Weight decay is not part of it',
      '½‖f − y‖²',
    ]) {
      expect(report).toContain(text)
    }
  })

  test('tells why training ended, what the data looked like, and what was not recorded', () => {
    expect(report).toContain('Training ended after 920 steps: all epochs done.')
    expect(report).toContain('64, as 1 × 8 × 8')
    expect(report).not.toContain('Not recorded')
    const [text, old] = trained.runs.map((run) => renderReport(run.detail, run.metrics))
    expect(text).toContain('Training stopped after 925 steps: target loss reached.')
    expect(text).toContain('<h3>Bits per byte</h3>')
    expect(old).toContain(
      'Not recorded: learning rate, update norm, cosine between gradients, distance from the start.',
    )
    expect(old).not.toContain('Training ended')
    expect([text!, old!].flatMap(unbalanced)).toEqual([])
  })

  test('shows every kind of measurement under its matrix, the doubtful as doubtful', () => {
    const run = measured.runs[0]!
    const text = renderReport(run.detail, run.metrics)
    expect(unbalanced(text)).toEqual([])
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(text.match(/<svg/g)).toHaveLength(7 + 2 + 7 + 2)
    expect(text).not.toMatch(/#010[ab]0|NaN/)
    for (const part of [
      '<h2>Gauss–Newton matrix G</h2>',
      '<h3>Trace, step 920 · <span class="status">≈ Estimated</span></h3>',
      '<h3>Spectral density of G · <span class="status alarm">✕ Inconsistent</span></h3>',
      '✕ The moment self-check does not hold: do not use this density.',
      '✕ Inconsistent. The moment self-check does not hold: do not use this density.',
      'allow more products or ask for fewer values.',
      'layers.1.weight',
      'At each snapshot',
      '<dd class="alarm">◐ Not converged</dd>',
    ]) {
      expect(text).toContain(part)
    }
    // A snapshot is a line; only the last is told in full.
    expect(text.match(/<h3>Trace/g)).toHaveLength(1)
  })

  test('prints the time only when given one', () => {
    expect(report).not.toContain('report written')
    expect(renderReport(detail, metrics, { generatedAt: '2026-02-01T00:00:00.000Z' })).toContain(
      'report written 2026-02-01 00:00:00 UTC',
    )
  })

  test('takes every text of a stranger for text', () => {
    const run = hostile.runs[0]!
    const document = { ...detail, summary: run.detail.summary, spec: run.detail.spec }
    const html = renderReport(
      {
        ...document,
        provenance: { ...detail.provenance!, cpu: '<iframe src=x>', versions: { '<i>': '<b>' } },
        measurements: detail.measurements.map((each) => ({ ...each, note: '<svg/onload=1>' })),
      },
      metrics,
    )
    expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;')
    expect(html).not.toMatch(/<(script|iframe|img|b|i)\b|<svg\/onload/i)
    expect(unbalanced(html)).toEqual([])
  })

  test('is complete for a run that has only begun, and for one that failed', () => {
    const queued = makeRun({ id: 'q', status: 'queued' })
    const failed = makeRun({
      id: 'f',
      status: 'failed',
      rows: 1,
      summary: { error: { code: 'non-finite', message: 'loss was NaN' } },
    })
    expect(renderReport(queued.detail, queued.metrics)).toContain('Nothing was recorded.')
    const text = renderReport(failed.detail, failed.metrics)
    expect(text).toContain('Reason: loss was NaN')
    expect(text).toContain('0 of 3 measurements were made.')
    expect(unbalanced(text)).toEqual([])
  })
})
