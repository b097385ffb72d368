import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '#base'
import { startServer } from '#hosts/http'
import { countingSpec, openTestLab, temporaryFolder, untilStatus } from '../support/test-lab.ts'
import { testCli } from '../support/test-cli.ts'

const quick = JSON.stringify(countingSpec(10))

describe('usage', () => {
  const wrong: [string | string[], RegExp][] = [
    ['rnu', /unknown command 'rnu'\s+\(Did you mean run\?\)/],
    ['run --sed 1', /unknown option '--sed'\s+\(Did you mean/],
    ['run --seed x', /must be an integer in 0…4294967295/],
    ['run a b', /too many arguments for 'run'/],
    ['run absent.json', /file not found: absent\.json/],
    ['run --set x', /--set wants PATH=VALUE/],
    [
      'run --set train.batchsize=3',
      /unknown key train\.batchsize; did you mean train\.batchSize\?/,
    ],
    ['run --set train.batchSize=0', /train\.batchSize must be at least 1, got 0/],
    [
      ['run', '--set', 'data={"kind":"file","path":"no.csv"}'],
      /data\.path: file not found: .*no\.csv/,
    ],
    ['run --device gpu', /--device .* is invalid\. Allowed choices are auto, cpu, webgpu, cuda/],
    ['resume x --runtime torch', /--runtime .* Allowed choices are onnx, tensorflow/],
    ['list --status done', /Allowed choices are queued, running/],
    ['list --limit 0', /must be an integer in 1…1000/],
    ['serve --port 70000', /must be an integer in 0…65535/],
    ['report x --out r.pdf', /--out must end in \.html, got r\.pdf/],
    ['weights x --out w.pt', /--out must end in \.safetensors or \.npz, got w\.pt/],
    ['weights x --out w.npz --step -1', /must be an integer in 0…/],
    ['report x --out no/where.html', /folder not found/],
    ['report x', /required option '--out/],
    ['show', /missing required argument 'run'/],
    [['probe', '--model', '{"kind":"mlp","widths":[2]}'], /widths must have at least 2 elements/],
    [['probe', '--model', '{"kind":"mlp"'], /--model is not valid JSON: line 1/],
    [
      ['probe', '--model', '{"kind":"mlp","widths":[2,2]}', '--operator', 'ggm'],
      /argument 'ggm' is invalid. Allowed choices are hessian, ggn/,
    ],
    [
      ['probe', '--model', '{"kind":"mlp","widths":[2,2]}', '--density', 'probs=3'],
      /Unknown setting "probs"\. Did you mean probes\?/,
    ],
    [['probe', '--model', '{"kind":"mlp","widths":[2,2]}'], /--weights is needed/],
  ]
  it.each(wrong)('%s', async (line, message) => {
    const { run, store } = testCli()
    const { code, stdout, stderr } = await run(line)
    expect(stderr).toMatch(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(readdirSync(store), 'nothing is made').toEqual([])
  })

  it('with --json a failure is one JSON document too', async () => {
    const { code, stdout, stderr } = await testCli().run('run --json --set epochs=1')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'invalid-spec', message: expect.stringContaining('train.epochs') },
    })
    expect(stderr).toContain('did you mean train.epochs?')
    const unknown = await testCli().run('list --jsn --json')
    expect(JSON.parse(unknown.stdout)).toMatchObject({ error: { code: 'invalid-argument' } })
  })

  it('broken JSON is located', async () => {
    const { run, store } = testCli()
    writeFileSync(join(store, 'spec.json'), '{\n  "name": "x",\n}\n')
    const { code, stderr } = await run('run spec.json')
    expect(code).toBe(2)
    expect(stderr).toContain('spec.json is not valid JSON: line 3, column 1 has "}"')
  })

  it('help and version are no errors', async () => {
    expect(await testCli().run('--version')).toMatchObject({ code: 0 })
    const { code, stdout } = await testCli().run('--help')
    expect(code).toBe(0)
    for (const name of [
      'start',
      'serve',
      'data',
      'run',
      'resume',
      'list',
      'show',
      'check',
      'doctor',
    ]) {
      expect(stdout).toContain(`  ${name} `)
    }
  })

  it('schema prints the JSON Schema of the spec', async () => {
    const { stdout } = await testCli().run('schema')
    expect(JSON.parse(stdout).properties).toHaveProperty('train')
  })
})

describe('run', () => {
  it('follows a run to its end; with --json stdout is one document and progress goes to stderr', async () => {
    const { run } = testCli()
    const { code, stdout, stderr } = await run('run - --json --seed 4 --seed 5', quick)
    expect(code).toBe(0)
    const { runs } = JSON.parse(stdout)
    expect(runs).toMatchObject([
      { summary: { status: 'finished', seed: 4 }, measurements: [{ kind: 'eigenpairs' }] },
      { summary: { status: 'finished', seed: 5 } },
    ])
    expect(stderr).toContain(`run ${runs[0].summary.id} (seed 4)`)
  })

  it('computes where --device says, and refuses what is not there before anything is stored', async () => {
    const { run } = testCli()
    expect(await run('run - --device webgpu', quick)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no webgpu here; there is cpu'),
    })
    expect(JSON.parse((await run('list --json')).stdout)).toMatchObject({ total: 0 })
    expect(await run('run - --device cpu --runtime onnx', quick)).toMatchObject({ code: 0 })
  })

  it('shows a bar on a terminal', async () => {
    const { run } = testCli({ isTerminal: true })
    const { stderr } = await run('run -', JSON.stringify(countingSpec(40, 10)))
    expect(stderr).toMatch(/\r\u001b\[2K\[#*\.*\] \S+ · training counting · \d+\/40/)
  })

  it('a run that fails makes the command fail, with its error', async () => {
    const { run } = testCli()
    const spec = JSON.stringify(countingSpec(10, 0, { name: 'throw-at=5' }))
    const { code, stdout } = await run('run -', spec)
    expect(code).toBe(1)
    expect(stdout).toContain('failed: the numbers ran out')
  })

  it('Ctrl-C stops it after a checkpoint with exit code 130, and resume goes on', async () => {
    const { run, interrupt } = testCli()
    const going = run('run - --json', JSON.stringify(countingSpec(100, 10)))
    setTimeout(interrupt, 700)
    const { code, stdout, stderr } = await going
    expect(code).toBe(130)
    expect(stderr).toContain('stopping after a checkpoint')
    const [{ summary, artifacts }] = JSON.parse(stdout).runs
    expect(summary.status).toBe('cancelled')
    expect(artifacts.some(({ kind }: { kind: string }) => kind === 'checkpoint')).toBe(true)
    const resumed = await run(`resume ${summary.id} --json`)
    expect(resumed.code).toBe(0)
    expect(JSON.parse(resumed.stdout).runs[0].summary).toMatchObject({
      status: 'finished',
      attempt: 2,
    })
    expect(await run('resume last')).toMatchObject({ code: 2 })
  })

  it('a relative data path is meant from the spec’s folder, one of --set from the working folder', async () => {
    const { run, store } = testCli()
    mkdirSync(join(store, 'specs'))
    writeFileSync(join(store, 'specs', 'd.csv'), '1,0\n')
    const spec = { ...countingSpec(1), data: { kind: 'file', path: 'd.csv' } }
    writeFileSync(join(store, 'specs', 'spec.json'), JSON.stringify(spec))
    const first = await run('run specs/spec.json --json')
    expect(JSON.parse(first.stdout).runs[0].spec.data.path).toBe(join(store, 'specs', 'd.csv'))
    const second = await run('run specs/spec.json --set data.path=specs/../specs/d.csv')
    expect(second.code).toBe(0)
  })

  it('so are a tokenizer and weights to start from', async () => {
    const { run, store } = testCli()
    mkdirSync(join(store, 'specs'))
    const data = { kind: 'text', tokenizer: 't.json', vocabulary: 'tokenizer' }
    const spec = JSON.stringify({ ...countingSpec(1), data })
    writeFileSync(join(store, 'specs', 'spec.json'), spec)
    writeFileSync(join(store, 'w.npz'), '')
    const line = 'run specs/spec.json --set model.weights=w.npz --json'
    expect((await run(line)).stderr).toContain(
      `data.tokenizer: file not found: ${join(store, 'specs', 't.json')}`,
    )
    writeFileSync(join(store, 'specs', 't.json'), '{}')
    const [{ spec: sent }] = JSON.parse((await run(line)).stdout).runs
    expect(sent).toMatchObject({
      data: { tokenizer: join(store, 'specs', 't.json') },
      model: { weights: join(store, 'w.npz') },
    })
  })
})

describe('list, show, delete', () => {
  it('an empty store lists nothing and says so on stderr', async () => {
    const { run } = testCli()
    const { code, stdout, stderr } = await run('list')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('no runs in')
  })

  it('a store that is not there is not made by looking', async () => {
    const { run, store } = testCli()
    const absent = join(store, 'absent')
    expect(JSON.parse((await run(`list --json --store ${absent}`)).stdout).total).toBe(0)
    expect(await run(`show x --store ${absent}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`there is no store at ${absent}`),
    })
    expect(existsSync(absent)).toBe(false)
  })

  it('a run is found by the unique start of its id, or as the last', async () => {
    const { run } = testCli()
    const { stdout } = await run('run - --json --seed 1 --seed 2', quick)
    const ids: string[] = JSON.parse(stdout).runs.map(
      (r: { summary: { id: string } }) => r.summary.id,
    )
    expect(JSON.parse((await run(`show ${ids[0]} --json`)).stdout).summary.id).toBe(ids[0])
    expect(JSON.parse((await run('show last --json')).stdout).summary.id).toBe(ids[1])
    const shared = ids[0]!.slice(0, 4)
    expect(await run(`show ${shared}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${shared} is the start of 2 runs`),
    })
    expect((await run('list')).stdout.split('\n')[0]).toMatch(/^id +name +status +seed/)
    expect(await run(`delete ${ids[0]}`)).toMatchObject({ code: 0 })
    expect(JSON.parse((await run('list --json')).stdout).total).toBe(1)
    expect(await run(`show ${ids[0]}`)).toMatchObject({
      code: 2,
      stderr: `error: there is no run ${ids[0]}\n`,
    })
  })
})

describe('report', () => {
  it('writes a file that stands alone, from this process or from a running engine', async () => {
    const { run, store } = testCli()
    await run('run -', quick)
    const { code, stdout } = await run('report last --out r.html')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${join(store, 'r.html')}\n` })
    const alone = readFileSync(join(store, 'r.html'), 'utf8')
    expect(alone).toMatch(/^<!doctype html>/i)

    const lab = openTestLab({ folder: store, mode: 'look' })
    const server = await startServer({ lab, logger: silentLogger })
    onTestFinished(() => server.close())
    expect(await run('report last --out s.html --json')).toMatchObject({ code: 0 })
    expect(readFileSync(join(store, 's.html'), 'utf8')).toBe(alone)
  })
})

describe('a running engine', () => {
  it('is attached to: its store is not opened twice', async () => {
    const folder = temporaryFolder()
    const lab = openTestLab({ folder })
    const server = await startServer({ lab, logger: silentLogger })
    onTestFinished(() => server.close())
    const { run } = testCli()
    const { code, stdout } = await run(`run - --json --store ${folder}`, quick)
    expect(code).toBe(0)
    const { id } = JSON.parse(stdout).runs[0].summary
    expect((await untilStatus(lab, id, 'finished')).id).toBe(id)
    expect(await run(`serve --no-open --store ${folder}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `is served already by process ${process.pid} at ${server.url}`,
      ),
    })
  })

  it('that ends under a run makes the command fail', async () => {
    const folder = temporaryFolder()
    const lab = openTestLab({ folder })
    const server = await startServer({ lab, logger: silentLogger })
    const { run } = testCli()
    const going = run(`run - --store ${folder}`, JSON.stringify(countingSpec(500, 10)))
    await expect.poll(() => lab.hasWork(), { timeout: 5_000 }).toBe(true)
    await server.close()
    expect(await going).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the engine ended before the run did'),
    })
  })

  it('another process in the store is named', async () => {
    const folder = temporaryFolder()
    openTestLab({ folder })
    expect(await testCli().run(`list --store ${folder}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`in use by process ${process.pid}`),
    })
  })
})

describe('serve and start', () => {
  it('prints the address that signs in, opens the browser by a private file, and cleans up', async () => {
    const bin = temporaryFolder()
    const seen = join(bin, 'seen')
    writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\necho "$@" > ${seen}\nsleep 0.2\n`, {
      mode: 0o755,
    })
    const { run, store, interrupt } = testCli({ env: { PATH: `${bin}:/usr/bin:/bin` } })
    const going = run('serve')
    await expect.poll(() => existsSync(seen), { timeout: 5_000 }).toBe(true)
    await expect.poll(() => readFileSync(seen, 'utf8')).toContain('file://')
    const file = readdirSync(store).find((name) => /^open-\d+\.html$/.test(name))!
    expect(statSync(join(store, file)).mode & 0o777).toBe(0o600)
    const page = readFileSync(join(store, file), 'utf8')
    interrupt()
    const { code, stdout } = await going
    expect(code).toBe(0)
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/)
    expect(page).toContain(`url=${stdout.trim()}`)
    expect(readFileSync(seen, 'utf8')).not.toContain('token')
    expect(existsSync(join(store, file))).toBe(false)
    expect(existsSync(join(store, 'engine.json'))).toBe(false)
  })

  it('without a browser it says what to visit and goes on', async () => {
    const { run, interrupt, store } = testCli({ env: { PATH: temporaryFolder() } })
    const going = run('start')
    await expect.poll(() => existsSync(join(store, 'engine.json')), { timeout: 5_000 }).toBe(true)
    setTimeout(interrupt, 300)
    const { code, stdout, stderr } = await going
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /^starting in the browser, because the Electron binary is not installed\n/,
    )
    expect(stderr).toContain(`no browser could be opened (xdg-open cannot be started`)
    expect(stderr).toContain(`visit ${stdout.trim()}`)
  })

  it('starts Electron where it is, and falls back if it ends at once', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'dist'))
    const script = join(folder, 'main.js')
    const seen = join(folder, 'seen')
    writeFileSync(script, '')
    const electron = (body: string) =>
      writeFileSync(join(folder, 'dist', 'electron'), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
    const paths = { electronPackage: folder, desktopScript: script, appFolder: '/the/app' }
    const env = { PATH: '/usr/bin:/bin', DISPLAY: ':9' }
    const desktop = testCli({ env, services: { paths } })
    electron(`echo "$1 $SADDLE_STORE" > ${seen}`)
    expect(await desktop.run('start')).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(seen, 'utf8')).toBe(`/the/app ${desktop.store}\n`)

    electron('exit 3')
    const failing = testCli({ env, services: { paths } })
    const going = failing.run('start --no-open')
    await expect
      .poll(() => existsSync(join(failing.store, 'engine.json')), { timeout: 5_000 })
      .toBe(true)
    setTimeout(failing.interrupt, 100)
    expect((await going).stderr).toContain('because Electron ended at once with exit code 3')

    const headless = testCli({ env: { PATH: '' }, services: { paths } })
    const alone = headless.run('start --no-open')
    await expect
      .poll(() => existsSync(join(headless.store, 'engine.json')), { timeout: 5_000 })
      .toBe(true)
    setTimeout(headless.interrupt, 100)
    expect((await alone).stderr).toContain('because there is no display')
  })
})

describe('check and doctor', () => {
  const report = {
    id: 'one',
    title: 'One is one',
    source: 'arithmetic',
    expected: [1],
    got: [1],
    tolerance: 0,
    kind: 'absolute' as const,
    deviation: 0,
    passed: true,
    elapsedMs: 1,
  }
  const checking = (passed: boolean) =>
    testCli({
      services: {
        checks: () =>
          Promise.resolve((options) => {
            options.onResult?.({ ...report, passed })
            return Promise.resolve([{ ...report, passed }])
          }),
      },
    })

  it('check exits with 1 if a check fails', async () => {
    expect(await checking(true).run('check')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 of 1 passed'),
    })
    expect(await checking(false).run('check')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FAILED · one: One is one'),
    })
    const { code, stdout } = await checking(false).run('check --json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ passed: false, checks: [{ id: 'one' }] })
  })

  it('doctor names versions, machine, compute and store, and makes no store', async () => {
    const { run, store } = testCli()
    const absent = join(store, 'absent')
    const { code, stdout } = await run(`doctor --json --store ${absent}`)
    expect(code).toBe(0)
    const { sound, findings } = JSON.parse(stdout)
    expect(sound).toBe(true)
    const names = findings.map(({ name }: { name: string }) => name)
    for (const name of ['node', 'processor', 'memory', 'better-sqlite3', 'compute', 'store']) {
      expect(names).toContain(name)
    }
    for (const name of ['device cpu', 'device webgpu', 'runtime tensorflow']) {
      expect(names).toContain(name)
    }
    expect(existsSync(absent)).toBe(false)
  })

  it('doctor says which device is used and why, and what others lack', async () => {
    const { run } = testCli({
      services: {
        describeCompute: () =>
          Promise.resolve({
            library: 'onnxruntime-node 1.30.0',
            devices: [
              { name: 'cpu', problem: null },
              { name: 'webgpu', problem: null },
              { name: 'cuda', problem: 'no library' },
            ],
            chosen: { device: 'webgpu', reason: 'fastest by measurement' },
            tensorflow: { problem: 'no libtensorflow' },
          }),
      },
    })
    const { code, stdout } = await run('doctor')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ok +compute +onnxruntime-node 1\.30\.0 on webgpu, fastest by measur/m)
    expect(stdout).toMatch(/^ok +device cpu +here$/m)
    expect(stdout).toMatch(/^ok +device webgpu +used unless another is named$/m)
    expect(stdout).toMatch(/^note +device cuda +not here: no library$/m)
    expect(stdout).toMatch(/^note +runtime tensorflow +cannot be used: no libtensorflow$/m)
  })

  it('doctor exits with 1 if the store is broken', async () => {
    const { run, store } = testCli()
    writeFileSync(join(store, 'store.sqlite'), 'no database'.repeat(100))
    const { code, stdout } = await run('doctor')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^broken +store /m)
  })
})
