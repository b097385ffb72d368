/** @file A survey whose WebGPU driver crashes, and whose CUDA driver is missed when it is tried alone. */
const wanted = process.argv.slice(2)
const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

for (const device of wanted) {
  say({ trying: device })
  if (device === 'webgpu') process.abort()
}
for (const device of wanted) {
  say({ finding: { device, problem: null, medianMs: null, remark: null } })
}
