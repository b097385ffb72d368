/** What a person is told of a failure: a sentence. */
export function messageOf(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason)
  return text.charAt(0).toUpperCase() + text.slice(1)
}
