import { describe, expect, test } from 'vitest'
import { mountApp, type MountedApp } from '../support/mount-app.ts'
import { makeMetrics } from '../support/recorded/make-metrics.ts'
import { makeTrace } from '../support/recorded/make-measurements.ts'
import { makeRun } from '../support/recorded/make-runs.ts'
import { makeTraceAt } from '../support/recorded/make-spectrum.ts'
import { busy, empty, hostile, measured, trained } from '../support/recorded/recordings.ts'

/** Opens the figures behind the first two. */
async function openMore(page: MountedApp): Promise<void> {
  const details = page.app.get<HTMLDetailsElement>('details.more')
  details.element.open = true
  await details.trigger('toggle')
  await page.settle()
}

describe('a running run', () => {
  test('shows how far it is, in words and as a bar, and can be cancelled', async () => {
    await using page = await mountApp(busy, '/runs/run-running')
    expect(page.text()).toContain('600 of 920, about 1 min 04 s left')
    expect(page.app.get('progress').attributes()).toMatchObject({ max: '920', value: '600' })
    await page.app.get('main .actions button').trigger('click')
    await page.settle()
    expect(page.text()).toContain('Cancelled')
    expect(page.backend.calls.map(({ method }) => method)).toContain('runs.cancel')
  })

  test('adds new points once a frame and asks for nothing again', async () => {
    await using page = await mountApp(busy, '/runs/run-running')
    const before = page.drawn.length
    const rows = makeMetrics(1, 29).slice(25)
    for (const row of rows) {
      page.backend.emit('metrics.appended', { runId: 'run-running', rows: [row] })
    }
    page.backend.emit('metrics.appended', { runId: 'another', rows: makeMetrics(1, 99) })
    await page.settle()
    expect(page.drawn).toHaveLength(before + 2)
    expect(page.drawn.at(-1)?.series[0]?.data).toHaveLength(29)
    expect(page.backend.calls.filter(({ method }) => method === 'runs.metrics')).toHaveLength(1)
  })

  test('shows each measurement as soon as it is made', async () => {
    await using page = await mountApp(busy, '/runs/run-measuring?tab=spectrum')
    expect(page.text()).toContain('1 of 3 measurements so far')
    page.backend.emit('measurements.added', { runId: 'run-measuring', document: makeTrace() })
    await page.settle()
    expect(page.text()).toContain('tr H = 37.3 ± 0.9')
    expect(page.text()).toContain('2 of 3 measurements so far')
  })

  test('asks for its files when they are looked at', async () => {
    await using page = await mountApp(busy, '/runs/run-running')
    await page.router.push('/runs/run-running?tab=files')
    await page.settle()
    expect(page.backend.calls.filter(({ method }) => method === 'runs.get')).toHaveLength(2)
  })

  test('asks for its files when it has ended', async () => {
    await using page = await mountApp(busy, '/runs/run-running')
    const { summary } = makeRun({ id: 'run-running' }).detail
    page.backend.emit('runs.changed', summary)
    await page.settle()
    expect(page.backend.calls.filter(({ method }) => method === 'runs.get')).toHaveLength(2)
  })
})

describe('a run that ended before its end', () => {
  test.each([
    ['run-failed', 'Failed', 'Reason: the training loss was NaN at step 113 (tensor loss).'],
    ['run-paused', 'Paused', 'Reason: the disk is full: 41.8 kB wanted, 0 B free.'],
    ['run-interrupted', 'Interrupted', 'Its process ended without saying so.'],
    ['run-cancelled', 'Cancelled', 'It was stopped at your wish.'],
  ])('%s says why and can be resumed', async (id, word, reason) => {
    await using page = await mountApp(busy, `/runs/${id}`)
    const notice = page.app.get('.notice')
    expect(notice.text()).toContain(word)
    expect(notice.text().replace(/\s+/g, ' ')).toContain(reason)
    await notice.get('button').trigger('click')
    await page.settle()
    expect(page.backend.calls).toContainEqual({ method: 'runs.resume', args: { runId: id } })
    expect(page.text()).toContain('Queued')
  })
})

describe('a finished run', () => {
  test('heads with its numbers and their uncertainty', async () => {
    await using page = await mountApp(busy, '/runs/run-finished')
    expect(page.text()).toContain('tr H 37.3 ± 0.9 1 s.e. over 64 probes')
    expect(page.app.find('.notice').exists()).toBe(false)
    expect(page.app.findAll('figure h2').map((title) => title.text())).toEqual(['Loss', 'Accuracy'])
  })

  test('says why training ended and what the data looked like', async () => {
    await using page = await mountApp(busy, '/runs/run-finished')
    expect(page.text()).toContain('Training ended after 920 steps: all epochs done.')
    expect(page.text()).toContain('Training samples 1,438')
    expect(page.text()).toContain('Features 64, as 1 × 8 × 8')
    expect(page.text()).not.toContain('Vocabulary')
  })

  test('draws more of training only when asked', async () => {
    await using page = await mountApp(trained, '/runs/run-text')
    expect(page.text()).toContain('Training stopped after 925 steps: target loss reached.')
    const before = page.drawn.length
    await openMore(page)
    expect(page.drawn).toHaveLength(before + 7)
    expect(page.app.findAll('figure h2').map((title) => title.text())).toEqual([
      'Loss',
      'Accuracy',
      'Perplexity',
      'Bits per byte',
      'Learning rate',
      'Gradient norm',
      'Update norm',
      'Cosine between gradients',
      'Distance from the start',
    ])
    expect(page.text()).not.toContain('Not recorded')
  })

  test('of an earlier version says what it did not record, and draws the rest', async () => {
    await using page = await mountApp(trained, '/runs/run-old')
    expect(page.text()).not.toContain('Training ended')
    await openMore(page)
    expect(page.app.findAll('figure h2').map((title) => title.text())).toEqual([
      'Loss',
      'Accuracy',
      'Gradient norm',
    ])
    expect(page.text()).toContain(
      'Not recorded: learning rate, update norm, cosine between gradients, distance from the start.',
    )
  })

  test('keeps tab and axis in the address', async () => {
    await using page = await mountApp(busy, '/runs/run-finished?tab=spectrum&axis=asinh')
    expect(page.drawn.at(-1)?.xAxis.name).toContain('asinh axis')
    await page.app.get('input[type="radio"][value="log"]').setValue()
    await page.settle()
    expect(page.router.currentRoute.value.query).toEqual({ tab: 'spectrum', axis: 'log' })
    expect(page.drawn.at(-1)?.series.map(({ name }) => name)).toContain('λ < 0')
  })

  test('lists eigenvalues with residuals and the status of each measurement', async () => {
    await using page = await mountApp(busy, '/runs/run-finished?tab=spectrum')
    expect(page.app.findAll('tbody tr')).toHaveLength(13)
    expect(page.app.get('tbody tr').text()).toContain('4.218')
    expect(page.text()).toContain('Converged')
    expect(page.app.get('figure [role="img"]').attributes('aria-label')).toContain(
      'its support reaches from −0.',
    )
  })

  test('tells its settings and provenance', async () => {
    await using page = await mountApp(busy, '/runs/run-finished?tab=settings')
    expect(page.text()).toContain('Git commit 8acedbc41f0f7f6b0a6f3f1f5ad7f8dd92a0c3e1')
    expect(page.text()).toContain('Learning rate 0.003')
  })

  test('offers its files by id, weights with their step', async () => {
    await using page = await mountApp(busy, '/runs/run-finished?tab=files')
    const weights = page.app.findAll('tbody tr').at(-1)!
    expect(
      weights
        .findAll('td')
        .map((cell) => cell.text())
        .slice(0, 3),
    ).toEqual(['weights-000000920-e3b0c442.safetensors', 'weights', '920'])
    expect(weights.get('a').attributes('download')).toBe('weights-000000920-e3b0c442.safetensors')
    expect(page.app.findAll('tbody a').map((link) => link.attributes('href'))).toEqual([
      '/artifacts/run-finished-a',
      '/artifacts/run-finished-b',
    ])
  })

  test('writes a report and fetches it', async () => {
    await using page = await mountApp(busy, '/runs/run-finished')
    const fetched: string[] = []
    const listen = (event: Event): void => {
      const link = event.target as HTMLAnchorElement
      if (link.tagName !== 'A' || link.download === '') return
      event.preventDefault()
      fetched.push(`${link.getAttribute('href') ?? ''} as ${link.download}`)
    }
    document.addEventListener('click', listen)
    await page.app.get('main .actions button').trigger('click')
    await page.settle()
    document.removeEventListener('click', listen)
    expect(fetched).toEqual(['/artifacts/report-run-finished as Digits-tanh-seed-0.html'])
  })

  test('is deleted only after a question', async () => {
    await using page = await mountApp(busy, '/runs/run-finished')
    const press = async (text: string): Promise<void> => {
      const buttons = [...document.querySelectorAll('button')]
      buttons.find((button) => button.textContent.trim() === text)?.click()
      await page.settle()
    }
    await press('Delete')
    expect(document.querySelector('[role="alertdialog"]')?.textContent).toContain(
      'This cannot be undone.',
    )
    expect(page.backend.calls.map(({ method }) => method)).not.toContain('runs.delete')
    await press('Delete run')
    expect(page.backend.calls).toContainEqual({
      method: 'runs.delete',
      args: { runId: 'run-finished' },
    })
    expect(page.router.currentRoute.value.path).toBe('/')
  })
})

describe('a run that measured everything', () => {
  const open = (more = '') => mountApp(measured, `/runs/run-measured?tab=spectrum${more}`)

  test('has a section a matrix and a panel a measurement, each with its status', async () => {
    await using page = await open()
    expect(page.app.findAll('.matrix > .head h2').map((title) => title.text())).toEqual([
      'Hessian H',
      'Gauss–Newton matrix G',
      'Hessian H, block of layers.0.weight and layers.0.bias, validation data',
    ])
    expect(page.app.findAll('.measurement .head').map((head) => head.text())).toEqual([
      'Extreme eigenpairs, step 920● Converged',
      'Interior eigenvalues, step 920◐ Not converged',
      'Trace, step 920≈ Estimated',
      'Effective rank, step 920≈ Estimated',
      'Diagonal, step 920≈ Estimated',
      'Spectral density, step 920≈ Estimated',
      'Whole spectrum, step 920■ Exact',
      'Evolution over snapshots, step 920◐ Not converged',
      'Extreme eigenpairs of G◐ Not converged',
      'Largest eigenvalue over bulk of G◇ Out of domain',
      'Spectral density of G✕ Inconsistent',
      'Extreme eigenpairs of H, block of layers.0.weight and layers.0.bias, validation data● Converged',
    ])
    expect(page.app.findAll('.measurement.warning')).toHaveLength(4)
    expect(page.app.findAll('.measurement.bad')).toHaveLength(1)
  })

  test('says loudly which density must not be used, at its figure and at its numbers', async () => {
    await using page = await open()
    expect(page.app.findAll('.notice').map((notice) => notice.text())).toEqual([
      expect.stringContaining('Do not take this figure as it isInconsistent.'),
      expect.stringContaining('The moment self-check does not hold: do not use this density'),
    ])
    expect(page.text()).toContain('✓ The moment self-check holds.')
  })

  test('says what to try where a measurement did not converge', async () => {
    await using page = await open()
    expect(page.text()).toContain('allow more products or ask for fewer values.')
  })

  test('shows another snapshot in figure and panels when one is chosen', async () => {
    await using page = await open()
    expect(page.app.get('figcaption').text()).toContain('at step 920')
    await page.app.get('.step select').setValue('30')
    await page.settle()
    expect(page.app.get('figcaption').text()).toContain('at step 30')
    const heads = page.app.findAll('.measurement .head').map((head) => head.text())
    expect(heads[2]).toBe('Trace, step 30◐ Not converged')
    // What was measured at the end only stays in sight.
    expect(heads[3]).toBe('Effective rank, step 920≈ Estimated')
  })

  test('draws what changed over training, linear or logarithmic', async () => {
    await using page = await open()
    const titles = page.app.findAll('figure h2').map((title) => title.text())
    expect(titles).toEqual([
      'Spectral density of the Hessian',
      'Spectral density of the Hessian over training',
      'Extreme eigenvalues of the Hessian over training',
      'Extreme eigenvalues of the Hessian over training',
      'Gradient in the leading space',
      'Overlap with the snapshot before',
      'tr H of the Hessian over training',
      'Eigenvalues of the Hessian in order',
      'Spectral density of the Gauss–Newton matrix',
    ])
    const before = page.drawn.length
    const radios = page.app.findAll('.matrix > .tools input[value="log"]')
    expect(radios).toHaveLength(1)
    await radios[0]!.setValue()
    await page.settle()
    expect(page.drawn.slice(before).filter(({ yAxis }) => yAxis.type === 'log')).toHaveLength(4)
  })

  test('follows later snapshots until one is chosen', async () => {
    await using page = await open()
    const later = makeTraceAt(2_000)
    page.backend.emit('measurements.added', { runId: 'run-measured', document: later })
    await page.settle()
    expect(page.app.get<HTMLSelectElement>('.step select').element.value).toBe('2000')
    expect(page.text()).toContain('Trace , step 2,000')
  })

  test('keeps every snapshot of a measurement, and takes a document told twice once', async () => {
    await using page = await open()
    const documents = [1_000, 1_000, 1_100].map((step) => makeTraceAt(step))
    for (const document of documents) {
      page.backend.emit('measurements.added', { runId: 'run-measured', document })
    }
    await page.settle()
    const steps = page.app.findAll('.step option').map((option) => option.text())
    expect(steps).toEqual(['0', '10', '30', '100', '300', '920', '1,000', '1,100'])
  })

  test('heads with numbers that carry their status', async () => {
    await using page = await mountApp(measured, '/runs/run-measured')
    expect(page.text()).toContain('λmax of G 4.22510 ◐ Not converged residual')
    expect(page.text()).toContain('tr H / λmax 5.05 ± 0.10')
  })
})

test('a run that is not there is told with a way back', async () => {
  await using page = await mountApp(empty, '/runs/nobody')
  expect(page.text()).toContain('No run has the id nobody')
  expect(page.app.get('main a').attributes('href')).toBe('/')
})

test('a run deleted elsewhere says so', async () => {
  await using page = await mountApp(busy, '/runs/run-finished')
  page.backend.emit('runs.deleted', { runId: 'run-finished' })
  await page.settle()
  expect(page.text()).toContain('This run was deleted')
})

test('hostile texts stay text on every tab', async () => {
  for (const tab of ['overview', 'spectrum', 'settings', 'files']) {
    await using page = await mountApp(hostile, `/runs/run-hostile?tab=${tab}`)
    expect(page.app.find('main img, main script, main b, main [onload]').exists()).toBe(false)
    expect(page.app.get('h1').text()).toContain('<img src=x onerror="alert(1)">')
    expect(page.text()).toContain('<script>alert(4)</script>')
  }
})
