import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, expect, test } from '@playwright/test'

const root = join(import.meta.dirname, '..', '..')
const packageFolder = join(root, 'node_modules', 'electron')

/** Where the Electron package says its binary is; null until it has been downloaded. */
function electronBinary(): string | null {
  const pathFile = join(packageFolder, 'path.txt')
  if (!existsSync(pathFile)) return null
  const binary = join(packageFolder, 'dist', readFileSync(pathFile, 'utf8').trim())
  return existsSync(binary) ? binary : null
}

const binary = electronBinary()
if (binary === null) {
  process.stderr.write(
    'SKIPPED: there is no Electron binary here, so the desktop window was not run for real\n',
  )
}

test('the desktop window opens on the engine it starts', async () => {
  test.skip(binary === null, 'there is no Electron binary here')
  const store = mkdtempSync(join(tmpdir(), 'saddle-desktop-'))
  const app = await _electron.launch({
    executablePath: binary ?? '',
    args: ['--no-sandbox', join(root, 'out', 'main', 'electron-main.js')],
    env: { ...process.env, SADDLE_STORE: store },
  })
  try {
    const window = await app.firstWindow()
    await expect(window.getByRole('link', { name: 'New experiment' }).first()).toBeVisible()
  } finally {
    await app.close()
    rmSync(store, { recursive: true, force: true })
  }
})
