import { describe, expect, test } from 'vitest'
import { mountApp } from '../support/mount-app.ts'
import { makeRun } from '../support/recorded/make-runs.ts'
import { busy, empty, hostile, large } from '../support/recorded/recordings.ts'

const names = (root: Element): string[] =>
  [...root.querySelectorAll('tbody tr td:first-child')].map((cell) => cell.textContent.trim())

describe('the runs page', () => {
  test('says what would be here and offers one button when there is nothing', async () => {
    await using page = await mountApp(empty, '/')
    expect(page.text()).toContain('No runs yet')
    const main = page.app.get('main')
    expect(main.findAll('a, button').map((link) => link.text())).toEqual(['New experiment'])
  })

  test('shows every status as a word', async () => {
    await using page = await mountApp(busy, '/')
    for (const word of [
      'Queued',
      'Running',
      'Paused',
      'Interrupted',
      'Cancelled',
      'Failed',
      'Finished',
    ]) {
      expect(page.app.get('tbody').text()).toContain(word)
    }
    expect(page.text()).toContain('9 runs')
  })

  test('keeps filter, status and order in the address', async () => {
    await using page = await mountApp(busy, '/?text=digits&status=finished&sort=-seed')
    expect(names(page.app.element)).toEqual(['Digits, tanh', 'Digits, tanh'])
    expect(page.app.findAll('tbody tr td:nth-child(5)').map((cell) => cell.text())).toEqual([
      '1',
      '0',
    ])
    await page.app.get('thead th:nth-child(5) button').trigger('click')
    await page.settle()
    expect(page.router.currentRoute.value.query.sort).toBe('seed')
  })

  test('a filter that nothing matches can be cleared', async () => {
    await using page = await mountApp(busy, '/?text=nothing-like-it')
    expect(page.text()).toContain('No run matches')
    await page.app.get('main .empty button').trigger('click')
    await page.settle()
    expect(names(page.app.element)).toHaveLength(9)
  })

  test('asks for 200 runs at a time', async () => {
    await using page = await mountApp(large, '/?page=3')
    expect(names(page.app.element)).toHaveLength(50)
    expect(page.text()).toContain('Page 3 of 3')
    expect(page.backend.calls).toEqual([{ method: 'runs.list', args: { limit: 200, offset: 400 } }])
  })

  test('folds a change in without asking again', async () => {
    await using page = await mountApp(busy, '/')
    const { summary } = makeRun({ id: 'run-running', name: 'Renamed', seed: 1 }).detail
    page.backend.emit('runs.changed', summary)
    await page.settle()
    expect(names(page.app.element)).toContain('Renamed')
    expect(page.backend.calls).toHaveLength(1)
  })

  test('asks again, once, for runs it has not seen', async () => {
    await using page = await mountApp(empty, '/')
    await page.backend.client.call('runs.create', { spec: { seeds: [1, 2, 3] } })
    await page.settle()
    await expect.poll(() => names(page.app.element)).toHaveLength(3)
    expect(page.backend.calls.filter(({ method }) => method === 'runs.list')).toHaveLength(2)
  })

  test('opens a run by Enter on its row', async () => {
    await using page = await mountApp(busy, '/?sort=name')
    await page.app.get('tbody tr').trigger('keydown', { key: 'Enter' })
    await page.settle()
    expect(page.router.currentRoute.value.path).toBe('/runs/run-measuring')
  })

  test('takes a hostile name for text', async () => {
    await using page = await mountApp(hostile, '/')
    expect(page.app.find('main img, main script, main b, main [onload]').exists()).toBe(false)
    expect(page.app.get('tbody').text()).toContain('<img src=x onerror="alert(1)">')
  })
})

describe('keys', () => {
  test('n opens a new experiment, ? the help, / the filter', async () => {
    await using page = await mountApp(busy, '/')
    const press = async (key: string): Promise<void> => {
      window.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true }))
      await page.settle()
    }
    await press('/')
    expect(document.activeElement?.id).toBe('runs-text')
    await press('?')
    expect(document.querySelector('[role="dialog"]')?.textContent).toContain('New experiment')
    await press('n')
    expect(page.router.currentRoute.value.path, 'a dialog is open').toBe('/')
    document.querySelector<HTMLElement>('[role="dialog"] button')?.click()
    await page.settle()
    await press('n')
    expect(page.router.currentRoute.value.path).toBe('/new')
  })
})

test('a lost engine is said and what was missed is asked for on return', async () => {
  await using page = await mountApp(busy, '/')
  page.backend.setStatus('closed')
  await page.settle()
  expect(page.app.get('.connection').text()).toContain('Engine unreachable; trying again')
  page.backend.setStatus('open')
  await page.settle()
  expect(page.app.get('.connection').text()).toBe('')
  expect(page.backend.calls).toHaveLength(2)
})

test('an unknown address is told', async () => {
  await using page = await mountApp(busy, '/no/such/page')
  expect(page.text()).toContain('There is no such page')
})

test('the machine page lists what the engine runs on', async () => {
  await using page = await mountApp(empty, '/machine')
  expect(page.text()).toContain('AMD EPYC 7B13')
  expect(page.text()).toContain('33.7 GB')
})
