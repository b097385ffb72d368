import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { benchReportSchema } from '#lab/bench'
import { testCli } from '../support/test-cli.ts'

describe('bench', () => {
  const wrong: [string, RegExp][] = [
    ['bench W7', /no workload W7; there are W1, W2, W3, W4, W5, W6/],
    ['bench --samples 2', /must be an integer in 3…1000/],
    ['bench --case top10 --case top11', /--case: no case top11; there are top10, density/],
    ['bench W1 --case top10,density', /case top10 has no W1; it has W2, W4/],
    ['bench W1 --out no/where.json', /--out: folder not found: .*no/],
    ['bench W1 --peers /no/python', /--peers: \/no\/python cannot be run: spawn .* ENOENT/],
    // Runs, but is no Python.
    [`bench W1 --peers ${process.execPath}`, /--peers: .* cannot be run: it ended with code 1/],
  ]
  it.each(wrong)('%s is wrong usage', async (line, message) => {
    const { run, store } = testCli()
    const { code, stdout, stderr } = await run(line)
    expect(stderr).toMatch(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(readdirSync(store), 'nothing is made').toEqual([])
  })

  it('with --json stdout is one document, the file holds the same, progress goes to stderr', async () => {
    const { run, store } = testCli()
    const { code, stdout, stderr } = await run('bench w1 --samples 3 --json --out bench.json')
    expect(code).toBe(0)
    const report = benchReportSchema.parse(JSON.parse(stdout))
    expect(report.workloads.map(({ id }) => id)).toEqual(['W1'])
    expect(JSON.parse(readFileSync(join(store, 'bench.json'), 'utf8'))).toEqual(report)
    expect(stderr.split('\n')).toContain('W1 products: block sizes')
  }, 60_000)

  it('prints a table for people, with what was not measured', async () => {
    const { run } = testCli()
    const { code, stdout } = await run('bench W1 --samples 3')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^work +whose +block +ms +ours \/ theirs$/m)
    expect(stdout).toMatch(/^W1 product +ours +\d+ +[\d.e-]+ \([\d.e-]+–[\d.e-]+\)$/m)
    expect(stdout).toMatch(/^W1 seeds +ours +16 /m)
    expect(stdout).toContain('no peer')
    expect(stdout).toContain('session: not measured: W6 was not asked for')
  }, 60_000)

  it('Ctrl-C stops it with exit code 130', async () => {
    const { run, interrupt } = testCli()
    const going = run('bench W1 --samples 1000 --json')
    setTimeout(interrupt, 1_500)
    const { code, stdout, stderr } = await going
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
    expect(stderr).toContain('stopped; nothing is reported')
  }, 60_000)
})
