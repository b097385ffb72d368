import { silentLogger } from '#base'
import { openStore } from '#lab/store'

// Opens a store, says so, and stays until it is killed.
const store = openStore(process.argv[2]!, { logger: silentLogger })
store.announcePort(4711)
process.send?.('open')
setInterval(() => {}, 1_000)
