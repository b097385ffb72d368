import type { Channel } from './channel.ts'

interface End {
  readonly messages: ((text: string) => void)[]
  readonly closings: (() => void)[]
}

/** Two ends of one pipe inside a process; frames arrive in a later microtask, as from a socket. */
export function memoryChannelPair(): [Channel, Channel] {
  const ends: [End, End] = [
    { messages: [], closings: [] },
    { messages: [], closings: [] },
  ]
  let isOpen = true

  function close(): void {
    if (!isOpen) return
    isOpen = false
    later(() => {
      for (const end of ends) for (const listener of end.closings) listener()
    })
  }

  const endOf = (own: End, other: End): Channel => ({
    send(text) {
      if (!isOpen) return
      later(() => {
        for (const listener of other.messages) listener(text)
      })
    },
    onMessage: (listener) => void own.messages.push(listener),
    onClose: (listener) => void own.closings.push(listener),
    close,
  })

  return [endOf(ends[0], ends[1]), endOf(ends[1], ends[0])]
}

// `queueMicrotask` is no part of the language, and this folder has nothing else.
const later = (work: () => void): void => void Promise.resolve().then(work)
