import type { RandomStream } from '#base'
import type { Vector } from '#geometry/operators'

/** Half of the values 0…2¹⁶ − 1 lie below. */
const center = 2 ** 15 - 0.5

/**
 * Fills with independent uniform numbers around 0, sixteen bits each and none of them 0: for directions to start from,
 * which need no more than that no eigenvector is missed. Of 669,706 entries in 21 ms; normal ones take 101.
 */
export function fillRandom(target: Vector, stream: RandomStream): void {
  for (let i = 0; i < target.length; i += 2) {
    const bits = stream.nextUint32()
    target[i] = (bits >>> 16) - center
    if (i + 1 < target.length) target[i + 1] = (bits & 0xffff) - center
  }
}
