import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { ServedEngine } from './engine.ts'

let engine: ServedEngine

test.beforeAll(async () => {
  engine = new ServedEngine()
  engine.run('Seen from all sides', {
    data: { kind: 'gaussian-mixture', samples: 200 },
    train: { epochs: 10, snapshots: { kind: 'log', perDecade: 1 } },
    measure: [
      { kind: 'eigenpairs', top: 3, bottom: 1, at: 'snapshots' },
      { kind: 'trace', probes: 8 },
      { kind: 'density', probes: 3, steps: 20, outliers: 5, resamples: 3, at: 'snapshots' },
      { kind: 'dense' },
      { kind: 'evolution', top: 3 },
      { kind: 'interior', count: 2, maxProducts: 400 },
      { kind: 'diagonal', probes: 8 },
      { kind: 'scalar', quantity: 'effective-rank', probes: 8 },
      { kind: 'density', probes: 3, steps: 20, operator: 'ggn' },
      { kind: 'eigenpairs', top: 3, bottom: 3, maxProducts: 12, operator: 'ggn' },
    ],
  })
  await engine.start()
})
test.afterAll(() => engine.dispose())

/** Rules of WCAG and good practice that a page breaks, each with the element. */
async function violationsOf(page: Page): Promise<unknown[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => [id, nodes[0]?.html])
}

for (const theme of ['light', 'dark'] as const) {
  for (const width of [390, 1440]) {
    test(`every page is accessible in ${theme} at ${String(width)} px and does not overflow`, async ({
      page,
    }) => {
      await page.emulateMedia({ colorScheme: theme })
      await page.setViewportSize({ width, height: 900 })
      await page.goto(engine.signInUrl)
      const check = async (name: string) => {
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        expect([name, await violationsOf(page)]).toEqual([name, []])
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        )
        expect([name, overflow]).toEqual([name, 0])
        const file = test.info().outputPath(`${name}.png`)
        await page.screenshot({ path: file, fullPage: true })
      }
      const origin = new URL(engine.signInUrl).origin
      for (const name of ['new', 'machine', 'nowhere']) {
        await page.goto(`${origin}/#/${name}`)
        await check(name)
      }
      await page.goto(`${origin}/#/`)
      await check('runs')
      await page.getByRole('link', { name: 'Seen from all sides' }).click()
      for (const name of ['Overview', 'Spectrum', 'Settings', 'Files']) {
        await page.getByRole('tab', { name }).click()
        await check(name)
      }
    })
  }
}

test('the keyboard reaches a run: rows take focus, Enter opens, n begins a new experiment', async ({
  page,
}) => {
  await page.goto(engine.signInUrl)
  const row = page.getByRole('row', { name: /Seen from all sides/ })
  await row.focus()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/#\/runs\//)
  await page.keyboard.press('n')
  await expect(page).toHaveURL(/#\/new/)
})
