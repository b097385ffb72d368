// Nothing may be imported before this check: native modules fail on an old Node with a riddle.
if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { quickstart } = await import('./run-quickstart.ts')
  process.exitCode = await quickstart()
} else {
  process.stderr.write(
    `error: Saddle needs Node 24 or later, this is ${process.version}; run "npm run quickstart"\n`,
  )
  process.exitCode = 1
}
