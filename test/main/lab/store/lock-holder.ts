import { silentLogger } from '#base'
import { openStore } from '#lab/store'

// Opens a store, forgets it, says so, and stays until it is killed.
openStore(process.argv[2]!, { logger: silentLogger }).announcePort(4711)
// A store that nobody refers to any more must stay locked: its lock was once collected as garbage.
globalThis.gc?.()
process.send?.('open')
setInterval(() => {}, 1_000)
