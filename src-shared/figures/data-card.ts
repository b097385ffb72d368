import type { DataCard } from '../schemas/index.ts'
import type { Definition } from './definitions.ts'
import { formatCount, formatNumber } from './format.ts'

/** What the data looked like; only what is known. */
export function dataCardEntries(card: DataCard): Definition[] {
  const entries: Definition[] = []
  const add = (term: string, value: string | null): void => {
    if (value !== null) entries.push({ term, value })
  }
  add('Kind', card.kind)
  add('Source', card.source)
  add('Training samples', formatCount(card.trainCount))
  add('Validation samples', formatCount(card.validationCount))
  add('Features', featureText(card))
  add('Vocabulary', card.vocabulary === null ? null : `${formatCount(card.vocabulary)} tokens`)
  add('Sequence length', card.sequenceLength === null ? null : tokens(card.sequenceLength))
  add('Bytes a token', card.bytesPerToken === null ? null : formatNumber(card.bytesPerToken))
  add('Outputs', formatCount(card.outputCount))
  add('Classes', card.classNames === null ? null : nameText(card.classNames))
  add('Samples a class', card.classCounts === null ? null : countText(card.classCounts))
  add('Features, mean ± deviation', spread(card.featureMean, card.featureDeviation))
  add('Channels, mean ± deviation', channelText(card))
  for (const { term, value } of dimensionEntries(card.intrinsicDimension)) add(term, value)
  return entries
}

const tokens = (count: number): string =>
  `${formatCount(count)} ${count === 1 ? 'token' : 'tokens'}`

function featureText({ featureShape, featureCount }: DataCard): string {
  const count = formatCount(featureCount)
  if (featureShape === null || featureShape.length < 2) return count
  return `${count}, as ${featureShape.map(formatCount).join(' × ')}`
}

/** Lists longer than this are shortened. */
const mostListed = 20

function nameText(names: readonly string[]): string {
  if (names.length <= mostListed) return names.join(', ')
  const rest = formatCount(names.length - mostListed)
  return `${names.slice(0, mostListed).join(', ')} and ${rest} more`
}

function countText(counts: readonly number[]): string {
  if (counts.length <= mostListed) return counts.map(formatCount).join(', ')
  const least = counts.reduce((a, b) => Math.min(a, b), Infinity)
  const most = counts.reduce((a, b) => Math.max(a, b), 0)
  return `${formatCount(least)} to ${formatCount(most)} over ${formatCount(counts.length)} classes`
}

const spread = (mean: number | null, deviation: number | null): string | null =>
  mean === null || deviation === null
    ? null
    : `${formatNumber(mean, 3)} ± ${formatNumber(deviation, 3)}`

function channelText({ channelMeans, channelDeviations }: DataCard): string | null {
  // One channel is all features, which are told already.
  if (channelMeans === null || channelMeans.length < 2) return null
  if (channelMeans.length > mostListed) return null
  return channelMeans
    .map((mean, i) => spread(mean, channelDeviations?.[i] ?? null) ?? formatNumber(mean, 3))
    .join(', ')
}

function dimensionEntries(dimension: DataCard['intrinsicDimension']): Definition[] {
  if (dimension === null) return []
  const { twoNearestNeighbours: two, levinaBickel, participationRatio, curvature } = dimension
  const of = `from ${formatCount(dimension.samples)} samples`
  return [
    ...(two === null
      ? []
      : [
          {
            term: 'Dimension, two neighbours',
            value: `${formatNumber(two.value, 3)}, 95 % in ${formatNumber(two.lower, 3)} to ${formatNumber(two.upper, 3)}, ${of}`,
          },
        ]),
    ...(levinaBickel === null
      ? []
      : [
          {
            term: 'Dimension, Levina and Bickel',
            value: `${formatNumber(levinaBickel, 3)}, ${of}`,
          },
        ]),
    ...(participationRatio === null
      ? []
      : [
          {
            term: 'Participation ratio',
            value: `${formatNumber(participationRatio, 3)}, ${of}`,
          },
        ]),
    ...(curvature === null
      ? []
      : [{ term: 'Curvature, median', value: `${formatNumber(curvature, 3)} / length` }]),
  ]
}
