import { afterEach, beforeEach, expect, vi } from 'vitest'

// Unexpected console output fails the test that made it.
beforeEach(() => {
  for (const name of ['log', 'warn', 'error'] as const) vi.spyOn(console, name)
})

afterEach(() => {
  for (const name of ['log', 'warn', 'error'] as const) {
    const calls = vi.mocked(console[name]).mock.calls
    vi.mocked(console[name]).mockRestore()
    expect(calls, `console.${name} was called`).toEqual([])
  }
})
