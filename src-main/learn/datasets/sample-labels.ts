import type { RandomStream } from '#base'

/**
 * Replaces each label with probability `share` by one drawn anew, every class equally likely (the old
 * one too): 1 gives labels that know nothing of the features.
 *
 * Draws as much for each row whatever the share, so that another share moves no other label.
 */
export function disturbLabels(
  labels: Int32Array,
  classes: number,
  share: number,
  stream: RandomStream,
): void {
  for (let row = 0; row < labels.length; row += 1) {
    const isAnew = stream.nextUniform() < share
    const other = stream.nextInteger(classes)
    if (isAnew) labels[row] = other
  }
}
