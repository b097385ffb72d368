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
    // The run's page is loaded when it is first gone to.
    const path = () => page.router.currentRoute.value.path
    await expect.poll(path, { timeout: 10_000 }).toBe('/runs/new-0')
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

  describe('keeps what is seldom changed behind a disclosure', () => {
    const more = (page: { app: { findAll: (selector: string) => { element: Element }[] } }) =>
      page.app.findAll('main details').map(({ element }) => element as HTMLDetailsElement)
    const holding = (page: Parameters<typeof more>[0], path: string) =>
      more(page).find((each) => each.querySelector(field(path)) !== null)!

    test('closed while untouched', async () => {
      await using page = await mountApp(empty, '/new')
      for (const path of ['model.weights', 'train.schedule', 'measureSamples']) {
        expect(holding(page, path).open, path).toBe(false)
      }
      expect(holding(page, 'train.epochs')).toBeUndefined()
    })

    test('open where something was chosen, and where something is wrong', async () => {
      await using page = await mountApp(empty, '/new')
      const takeOver = async (spec: object): Promise<void> => {
        await page.app.get('#spec-json').setValue(JSON.stringify(spec))
        const button = page.app.findAll('button').find((each) => each.text() === 'Take over')!
        await button.trigger('click')
      }
      await takeOver({ train: { schedule: { kind: 'cosine' } } })
      expect(holding(page, 'train.schedule').open).toBe(true)
      expect(holding(page, 'model.weights').open).toBe(false)
      await takeOver({ model: { kind: 'resnet', parameters: 3 } })
      expect(holding(page, 'model.parameters').open).toBe(true)
      await page.app.get('form').trigger('submit')
      await page.settle()
      await page.app.get('.summary a').trigger('click')
      expect(document.activeElement?.id).toBe('field-model.parameters')
    })
  })

  describe('looks at the data', () => {
    const press = async (page: Awaited<ReturnType<typeof mountApp>>): Promise<void> => {
      await page.app.get('.look button').trigger('click')
      await page.settle()
    }

    test('as the form has it, counts the parameters, and says when the answer is old', async () => {
      await using page = await mountApp(empty, '/new')
      await page.app.get(field('model')).setValue('cnn')
      expect(page.app.get('.send').text()).toContain('a look at the data counts the parameters')
      await press(page)
      expect(page.backend.calls).toEqual([
        {
          method: 'experiments.describe',
          args: { spec: experimentSchema.parse({ model: { kind: 'cnn' } }) },
        },
      ])
      expect(page.app.get('.look').text()).toContain('1,438')
      expect(page.app.get('.send').text()).toContain('1 run of 3,466 parameters.')

      await page.app.get(field('name')).setValue('Named')
      expect(page.app.get('.look').text()).not.toContain('have changed')
      await page.app.get(field('model.kernel')).setValue('5')
      expect(page.app.get('.look').text()).toContain('The settings have changed since this look.')
      expect(page.app.get('.send').text()).toContain('a look at the data counts the parameters')
    })

    test('and tells what is wrong in place, keeping the form', async () => {
      await using page = await mountApp(empty, '/new')
      await page.app.get(field('name')).setValue('Kept')
      page.backend.setStatus('closed')
      await press(page)
      expect(page.app.get('.look [role="status"]').text()).toContain('The engine does not answer')
      expect((page.app.get(field('name')).element as HTMLInputElement).value).toBe('Kept')
    })

    test('only when the form is complete', async () => {
      await using page = await mountApp(empty, '/new')
      await page.app.get(field('data')).setValue('cifar')
      expect(page.app.get('.look button').attributes('disabled')).toBeDefined()
      await page.app.get(field('data.path')).setValue('/data/cifar')
      expect(page.app.get('.look button').attributes('disabled')).toBeUndefined()
    })
  })
})
