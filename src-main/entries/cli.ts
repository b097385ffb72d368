#!/usr/bin/env node
// Nothing may be imported before this check: native modules fail on an old Node with a riddle.
if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { main } = await import('./cli-main.ts')
  await main()
} else {
  process.stderr.write(
    `error: Saddle needs Node 24 or later, this is ${process.version}; ` +
      'run "npm run -s saddle -- ARGUMENTS" in the checkout, which brings its own Node\n',
  )
  process.exitCode = 1
}
