import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { DeviceFinding, OnnxDevice } from '#tensor/runtime'

/** What became of TensorFlow.js: null if it is not installed. */
export type TensorflowFinding =
  { readonly name: string; readonly device: string } | { readonly problem: string } | null

/** One line of the surveying process. */
export type SurveyLine =
  | { readonly trying: OnnxDevice | 'tensorflow' }
  | { readonly finding: DeviceFinding }
  | { readonly tensorflow: TensorflowFinding }

/** What can compute on this machine. */
export interface ComputeSurvey {
  readonly devices: readonly DeviceFinding[]
  /** Null if it is not installed or was not asked for. */
  readonly tensorflow: TensorflowFinding
}

/** A driver that hangs is as good as none. */
const patienceMs = 60_000

/**
 * Tries devices and runtimes in a process of its own: a driver may crash, hang or write to the terminal. One that ends the
 * process is reported as such, and the others are tried again without it.
 *
 * @param script - What the process runs; it prints lines as `survey-compute.ts` does.
 *
 * Cost: 0.3 s on a machine without a GPU, about a second with one.
 */
export async function surveyCompute(
  wanted: readonly (OnnxDevice | 'tensorflow')[],
  script = join(import.meta.dirname, 'survey-compute.ts'),
): Promise<ComputeSurvey> {
  const lost: DeviceFinding[] = []
  let tensorflow: TensorflowFinding = null
  let left = [...wanted]
  while (left.length > 0) {
    const { lines, end } = await runSurvey(script, left)
    const last = lines.at(-1)
    if (last === undefined || !('trying' in last)) {
      const devices = lines.flatMap((line) => ('finding' in line ? [line.finding] : []))
      for (const line of lines) if ('tensorflow' in line) tensorflow = line.tensorflow
      return { devices: [...devices, ...lost], tensorflow }
    }
    const problem = `trying it ${end}`
    const culprit = last.trying
    if (culprit === 'tensorflow') tensorflow = { problem }
    else lost.push({ device: culprit, problem, medianMs: null, remark: null })
    left = left.filter((name) => name !== culprit)
  }
  return { devices: lost, tensorflow }
}

function runSurvey(
  script: string,
  wanted: readonly string[],
): Promise<{ readonly lines: readonly SurveyLine[]; readonly end: string }> {
  const child = spawn(process.execPath, [script, ...wanted], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  return new Promise((resolve) => {
    const settle = (end: string): void => {
      const whole = text.split('\n').slice(0, -1)
      resolve({ lines: whole.map((line) => JSON.parse(line) as SurveyLine), end })
    }
    child.on('error', (error) => settle(`could not be started: ${error.message}`))
    child.on('close', (code, signal) => {
      settle(
        signal === 'SIGKILL'
          ? `took longer than ${patienceMs / 1000} s`
          : `ended the process (${signal ?? `exit code ${String(code)}`})`,
      )
    })
  })
}
