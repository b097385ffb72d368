import { describe, expect, test } from 'vitest'
import { experimentSchema } from '#shared/schemas'
import { mountApp } from '../support/mount-app.ts'
import { empty } from '../support/recorded/recordings.ts'

const field = (path: string): string => `[id="field-${path}"]`

describe('the new experiment page', () => {
  test('untouched starts the default experiment and shows its run', async () => {
    await using page = await mountApp(empty, '/new')
    expect(page.text()).toContain('1 run of 3,466 parameters.')
    await page.app.get('form').trigger('submit')
    await page.settle()
    expect(page.backend.calls[0]).toEqual({
      method: 'runs.create',
      args: { spec: experimentSchema.parse({}) },
    })
    expect(page.router.currentRoute.value.path).toBe('/runs/new-0')
  })

  test('goes home when it started several runs', async () => {
    await using page = await mountApp(empty, '/new')
    await page.app.get(field('seeds')).setValue('0, 1, 2')
    await page.app.get('form').trigger('submit')
    await page.settle()
    expect(page.router.currentRoute.value.path).toBe('/')
    expect(page.app.findAll('tbody tr')).toHaveLength(3)
  })

  test('labels every control', async () => {
    await using page = await mountApp(empty, '/new')
    for (const control of page.app.findAll('main input, main select, main textarea')) {
      const id = control.attributes('id') ?? ''
      expect(page.app.find(`label[for="${id}"]`).exists(), id).toBe(true)
    }
  })

  test('complains at the field, naming what is allowed, and above the form on sending', async () => {
    await using page = await mountApp(empty, '/new')
    const epochs = page.app.get(field('train.epochs'))
    await epochs.setValue('-3')
    const issue = page.app.get('[id="field-train.epochs-issue"]')
    expect(issue.text()).toContain('Epochs must be a whole number in 0…1,000,000, got -3')
    expect(epochs.attributes('aria-invalid')).toBe('true')
    expect(epochs.attributes('aria-describedby')).toContain('field-train.epochs-issue')
    expect(page.app.find('.summary').exists()).toBe(false)

    await page.app.get('form').trigger('submit')
    await page.settle()
    expect(page.backend.calls).toEqual([])
    expect(page.app.get('.summary').text()).toContain('1 entry needs another look')
    expect(document.activeElement?.className).toBe('summary')
    await page.app.get('.summary a').trigger('click')
    expect(document.activeElement?.id).toBe('field-train.epochs')
  })

  test('asks for a missing file only when sent', async () => {
    await using page = await mountApp(empty, '/new')
    await page.app.get(field('data')).setValue('file')
    expect(page.app.find('[id="field-data.path-issue"]').exists()).toBe(false)
    await page.app.get('form').trigger('submit')
    await page.settle()
    expect(page.app.find('[id="field-data.path-issue"]').exists()).toBe(true)
  })

  test('adds and removes measurements', async () => {
    await using page = await mountApp(empty, '/new')
    const press = async (text: string): Promise<void> => {
      await page.app
        .findAll('main button')
        .find((each) => each.text() === text)
        ?.trigger('click')
    }
    await press('Add spectral density')
    await page.app.get('[aria-label="Remove Extreme eigenpairs (1)"]').trigger('click')
    await page.app.get('form').trigger('submit')
    await page.settle()
    expect(page.backend.calls[0]?.args).toMatchObject({
      spec: { measure: [{ kind: 'trace' }, { kind: 'density' }, { kind: 'density' }] },
    })
  })

  test('never eats what was entered', async () => {
    {
      await using page = await mountApp(empty, '/new')
      await page.app.get(field('name')).setValue('Half done')
      page.backend.setStatus('closed')
      await page.app.get('form').trigger('submit')
      await page.settle()
      expect(page.text()).toContain('Not started')
      expect((page.app.get(field('name')).element as HTMLInputElement).value).toBe('Half done')
      await page.router.push('/')
      await page.settle()
      await page.router.push('/new')
      await page.settle()
      const name = page.app.get(field('name'))
      expect((name.element as HTMLInputElement).value).toBe('Half done')

      await page.app.get('main .actions button').trigger('click')
      expect((page.app.get(field('name')).element as HTMLInputElement).value).toBe('Untitled')
    }
  })

  test('takes a pasted spec over, and says what is wrong with one', async () => {
    await using page = await mountApp(empty, '/new')
    const text = page.app.get('#spec-json')
    const takeOver = page.app.findAll('button').find((each) => each.text() === 'Take over')!
    await text.setValue('[1]')
    await takeOver.trigger('click')
    expect(page.text()).toContain('A spec is a JSON object')
    await text.setValue('{"name": "Pasted", "train": {"epochs": -1}}')
    await takeOver.trigger('click')
    expect((page.app.get(field('name')).element as HTMLInputElement).value).toBe('Pasted')
    expect(page.app.get('.summary').text()).toContain('Epochs')
  })
})
