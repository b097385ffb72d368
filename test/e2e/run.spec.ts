import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { ServedEngine } from './engine.ts'

const screenshot = join(import.meta.dirname, '..', '..', 'resources', 'screenshot.png')
let engine: ServedEngine

test.beforeAll(async () => {
  engine = new ServedEngine()
  await engine.start()
})
test.afterAll(() => engine.dispose())

const status = (page: Page) => page.getByRole('heading', { level: 1 }).locator('xpath=../..')

/** Fails the test on any error the page logs. */
function watchConsole(page: Page): string[] {
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(error.message))
  return problems
}

/** Fills in a setting that is seldom changed, behind the disclosure of its section. */
async function setCheckpointEvery(page: Page, steps: string): Promise<void> {
  const field = page.getByLabel('Checkpoint every')
  await page.locator('details', { has: field }).last().locator('summary').first().click()
  await field.fill(steps)
}

test('designs a run, watches it, kills it, resumes it, reads its spectrum, downloads its report', async ({
  page,
}) => {
  const problems = watchConsole(page)
  await page.goto(engine.signInUrl)
  expect(page.url()).not.toContain('token')
  await page.getByRole('link', { name: 'New experiment' }).first().click()

  // A wrong number is named at its field and in the summary; nothing is sent.
  await page.getByLabel('Name', { exact: true }).fill('Digits, end to end')
  await page.getByLabel('Epochs').fill('-3')
  await page.getByRole('button', { name: 'Start' }).click()
  await expect(page.locator('#field-train\\.epochs-issue')).toBeVisible()
  await page.getByLabel('Epochs').fill('400')
  await page.getByLabel('Learning rate', { exact: true }).fill('0.0004')
  await page.getByLabel('Hidden widths').fill('32, 32')
  await setCheckpointEvery(page, '50')
  await page.getByRole('button', { name: 'Start' }).click()

  // It trains; the page follows without reloading.
  await page.waitForURL(/#\/runs\//)
  const runId = decodeURIComponent(/runs\/([^?]+)/.exec(page.url())![1]!)
  const progress = page.getByRole('progressbar')
  await expect(progress).toBeVisible()
  await expect.poll(async () => Number(await progress.getAttribute('value'))).toBeGreaterThan(300)

  // The compute process dies in the middle: the run says so and goes on when told to.
  process.kill(engine.workerPid(runId), 'SIGKILL')
  await expect(page.getByText('Its process ended without saying so.')).toBeVisible()
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(progress).toBeVisible()
  await expect(page.getByText('Finished').first()).toBeVisible({ timeout: 90_000 })

  // The spectrum, on every axis, and after a reload.
  await page.getByRole('tab', { name: 'Spectrum' }).click()
  await expect(page.getByText('tr H =')).toContainText('±')
  const table = page.getByRole('table', { name: /eigenvalues/ })
  await expect(table.getByRole('row')).toHaveCount(1 + 10 + 3)
  for (const axis of ['log', 'asinh', 'linear']) {
    await page.getByRole('radio', { name: axis, exact: true }).first().check({ force: true })
    await expect(page.locator('canvas, svg').first()).toBeVisible()
  }
  await page.getByRole('radio', { name: 'asinh', exact: true }).first().check({ force: true })
  await page.reload()
  await expect(page.getByText('tr H =')).toBeVisible()
  await expect(page).toHaveURL(/axis=asinh/)
  await page.waitForTimeout(500)
  await page.screenshot({ path: screenshot })

  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download report' }).click()
  const report = readFileSync(await (await downloading).path(), 'utf8')
  expect(report).toContain('Digits, end to end')
  expect(report).toContain('<svg')
  expect(report).not.toMatch(/<script|(?:src|href)="https?:/)
  expect(problems).toEqual([])
  expect(await status(page).count()).toBeGreaterThan(0)
})

test('is killed as an engine and goes on by itself when it starts again', async ({ page }) => {
  await page.goto(engine.signInUrl)
  await page.goto(`${new URL(engine.signInUrl).origin}/#/new`)
  await page.getByLabel('Name', { exact: true }).fill('Through a power cut')
  await page.getByLabel('Epochs').fill('300')
  await setCheckpointEvery(page, '50')
  await page.getByRole('button', { name: 'Start' }).click()
  await page.waitForURL(/#\/runs\//)
  const progress = page.getByRole('progressbar')
  await expect.poll(async () => Number(await progress.getAttribute('value'))).toBeGreaterThan(200)
  const address = page.url()
  await engine.kill()
  await expect(page.getByText(/unreachable/i).first()).toBeVisible()
  await engine.start()
  await page.goto(engine.signInUrl)
  await page.goto(address)
  await expect(page.getByText('Finished').first()).toBeVisible({ timeout: 90_000 })
})
