import type { SurveyLine } from './compute-survey.ts'

/**
 * Tries the devices of this machine, in a process of its own that a driver may end or write to as it likes. Says on stdout,
 * a line of JSON each, what it is about to touch and at last what it found.
 *
 * Arguments: the devices to try; `tensorflow` for that runtime.
 */
const wanted = process.argv.slice(2)
const say = (line: SurveyLine): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const { knownDevices, surveyDevices } = await import('#tensor/runtime')
const devices = knownDevices().filter((device) => wanted.includes(device))
if (devices.length > 0) {
  const findings = await surveyDevices({ devices, onTry: (device) => say({ trying: device }) })
  for (const finding of findings) say({ finding })
}
if (wanted.includes('tensorflow')) {
  say({ trying: 'tensorflow' })
  const { loadTensorflow } = await import('#tensor/tensorflow')
  try {
    const runtime = await loadTensorflow()
    say({ tensorflow: runtime === null ? null : { name: runtime.name, device: runtime.device } })
  } catch (error) {
    say({ tensorflow: { problem: error instanceof Error ? error.message : String(error) } })
  }
}
// A driver's threads must not keep the process; what was said must get out.
process.stdout.write('', () => process.exit())
