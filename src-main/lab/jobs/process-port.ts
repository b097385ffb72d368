import type { WorkerPort } from './worker-body.ts'

/** The port of a process that was started by a worker link. */
export function processPort(): WorkerPort {
  return {
    send(event) {
      return new Promise((resolve) => {
        if (process.send === undefined || !process.connected) {
          resolve()
          return
        }
        // An error means that the engine is gone, which 'disconnect' tells.
        process.send(event, undefined, undefined, () => resolve())
      })
    },
    onCommand(listener) {
      process.on('message', listener)
    },
    onDisconnect(listener) {
      process.on('disconnect', listener)
    },
    exit(code) {
      process.exit(code)
    },
  }
}
