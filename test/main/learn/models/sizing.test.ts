import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countParameters, solveSize, type Architecture } from '#learn/models'
import type { Task } from '#learn/tasks'
import { cnnOf, imageTask, mlpOf, resnetOf, tokenTask, transformerOf } from './architectures.ts'

const image = imageTask(3, 32, 10)
const text = tokenTask(128, 1_000)
const plain: [Architecture['kind'], Architecture, Task][] = [
  ['mlp', mlpOf({}), image],
  ['cnn', cnnOf({}), image],
  ['resnet', resnetOf({}), image],
  ['transformer', transformerOf({}), text],
]
/** That can be small: few inputs. */
const narrow: typeof plain = [
  ['mlp', mlpOf({}), imageTask(1, 8, 10)],
  ['cnn', cnnOf({}), image],
  ['resnet', resnetOf({}), image],
  ['transformer', transformerOf({ heads: 2 }), tokenTask(32, 64)],
]

describe('the count of parameters', () => {
  const size = fc.integer({ min: 1, max: 9 })

  test('of an mlp is Σ out·(in + 1)', () => {
    fc.assert(
      fc.property(fc.array(size, { maxLength: 5 }), fc.boolean(), (hidden, bias) => {
        const widths = [48, ...hidden, 5]
        const expected = widths
          .slice(1)
          .reduce((sum, out, i) => sum + out * (widths[i]! + (bias ? 1 : 0)), 0)
        expect(countParameters(mlpOf({ hidden, bias }), imageTask(3, 4, 5))).toBe(expected)
      }),
    )
  })

  test('of a cnn is that of its stages and its affine layers', () => {
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 1, maxLength: 3 }),
        fc.array(size, { maxLength: 2 }),
        fc.constantFrom('none', 'layer', 'batch'),
        (channels, hidden, normalization) => {
          const seen = [3, ...channels]
          const stages = channels.reduce((sum, out, i) => sum + out * seen[i]! * 9, 0)
          const extras = channels.reduce((sum, out) => sum + out, 0)
          const widths = [channels.at(-1)!, ...hidden, 5]
          const affine = widths.slice(1).reduce((sum, out, i) => sum + out * (widths[i]! + 1), 0)
          const architecture = cnnOf({
            channels,
            strides: channels.map(() => 1),
            hidden,
            normalization,
            pooling: 'none',
          })
          expect(countParameters(architecture, imageTask(3, 8, 5))).toBe(
            stages + extras * (normalization === 'none' ? 1 : 2) + affine,
          )
        },
      ),
    )
  })

  test('of a resnet is that of its docstring', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('cifar', 'imagenet'),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom('pad', 'projection'),
        fc.constantFrom('small', 'large'),
        fc.constantFrom('batch', 'none'),
        (variant, blocks, shortcut, stem, normalization) => {
          const [stages, w] = variant === 'cifar' ? [3, 16] : [4, 64]
          const norm = normalization === 'none' ? 1 : 2
          let expected = w * ((stem === 'small' ? 9 : 49) * 3 + norm)
          for (let stage = 0; stage < stages; stage += 1) {
            const v = w * 2 ** stage
            expected += blocks * (18 * v * v + 2 * norm * v)
            if (stage > 0) expected -= (9 * v * v) / 2
            if (stage > 0 && shortcut === 'projection') expected += (v * v) / 2 + norm * v
          }
          expected += (w * 2 ** (stages - 1) + 1) * 10
          const architecture = resnetOf({ variant, blocks, shortcut, stem, normalization })
          expect(countParameters(architecture, image)).toBe(expected)
        },
      ),
    )
  })

  test('of ResNet-18 for ImageNet and ResNet-20 for CIFAR is the published one', () => {
    const resnet18 = {
      variant: 'imagenet',
      blocks: 2,
      stem: 'large',
      shortcut: 'projection',
    } as const
    // torchvision.models.resnet18: 11,689,512; He et al., table 6: 0.27 million for ResNet-20.
    expect(countParameters(resnetOf(resnet18), imageTask(3, 224, 1000))).toBe(11_689_512)
    expect(countParameters(resnetOf({ blocks: 3 }), image)).toBe(269_722)
  })

  test('of a transformer is that of its docstring', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom('pre', 'post'),
        fc.constantFrom('learned', 'rotary'),
        fc.boolean(),
        fc.boolean(),
        (half, layers, norm, positions, tiedEmbeddings, isCausal) => {
          const [w, f, length, vocabulary] = [4 * half, 8 * half, 6, 7]
          const task = tokenTask(length, vocabulary, isCausal ? length : 1)
          const settings = { width: w, heads: 2, mlpRatio: 2, layers, norm, positions } as const
          const layer = 4 * w * (w + 1) + f * (w + 1) + w * (f + 1) + 4 * w
          const headOfText = tiedEmbeddings ? 0 : vocabulary * w
          expect(countParameters(transformerOf({ ...settings, tiedEmbeddings }), task)).toBe(
            vocabulary * w +
              (positions === 'learned' ? length * w : 0) +
              layers * layer +
              (norm === 'pre' ? 2 * w : 0) +
              (isCausal ? headOfText : (w + 1) * vocabulary),
          )
        },
      ),
    )
  })
})

describe('solveSize', () => {
  test.each(narrow)('comes within 15 % of any count from 10⁴ on by width: %s', (_, start, task) => {
    for (const wanted of [1e4, 1e5, 1e6, 1e7, 1e8, 1e9]) {
      const { architecture, parameters } = solveSize(start, task, { parameters: wanted })
      expect(Math.abs(parameters / wanted - 1)).toBeLessThan(0.15)
      expect(countParameters(architecture, task)).toBe(parameters)
    }
  })

  test('finds the widths between which a million parameters lie at depth 8', () => {
    const start = mlpOf({ hidden: new Array<number>(8).fill(32) })
    const { architecture, parameters } = solveSize(start, image, { parameters: 1e6 })
    const width = architecture.kind === 'mlp' ? architecture.hidden[0]! : 0
    // 3072·w + 7·w² + 8·w + 10·w + 10 at w: the best of all widths by trying each.
    const count = (w: number): number => 3072 * w + 7 * w * w + 8 * w + 10 * w + 10
    const widths = Array.from({ length: 1000 }, (__, i) => i + 1)
    const error = (w: number): number => Math.abs(count(w) - 1e6)
    const best = widths.reduce((a, b) => (error(b) < error(a) ? b : a))
    expect(architecture).toMatchObject({ hidden: new Array<number>(8).fill(width) })
    expect(width).toBe(best)
    expect(parameters).toBe(count(best))
  })

  test('passes over widths at which a feed-forward part would have no neuron', () => {
    const start = transformerOf({ heads: 1, mlpRatio: 0.1 })
    const { architecture, parameters } = solveSize(start, text, { parameters: 1e5 })
    expect(Math.abs(parameters / 1e5 - 1)).toBeLessThan(0.05)
    expect(countParameters(architecture, text)).toBe(parameters)
    const least = countParameters(transformerOf({ heads: 1, mlpRatio: 0.1, width: 5 }), text)
    expect(solveSize(start, text, { parameters: least }).parameters).toBe(least)
    expect(() => solveSize(start, text, { parameters: least - 1 })).toThrow(`${least} or more`)
  })

  test('finds a size again that a network has, by width and by depth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }), (k, depth) => {
        const cases: [Architecture, Architecture, Task][] = [
          [
            mlpOf({ hidden: new Array<number>(depth).fill(k) }),
            mlpOf({ hidden: new Array<number>(depth).fill(99) }),
            image,
          ],
          [
            transformerOf({ width: 8 * k, layers: depth, positions: 'rotary' }),
            transformerOf({ width: 64, layers: depth, positions: 'rotary' }),
            text,
          ],
          [
            resnetOf({ widthMultiplier: k / 4, normalization: 'group' }),
            resnetOf({ normalization: 'group' }),
            image,
          ],
        ]
        for (const [wanted, start, task] of cases) {
          const parameters = countParameters(wanted, task)
          expect(solveSize(start, task, { parameters }).architecture).toEqual(wanted)
        }
        const byDepth: [Architecture, Architecture, Task][] = [
          [transformerOf({ layers: depth }), transformerOf({ layers: 3 }), text],
          [resnetOf({ blocks: depth }), resnetOf({}), image],
          [mlpOf({ hidden: new Array<number>(depth).fill(8) }), mlpOf({ hidden: [8] }), image],
          [
            cnnOf({
              channels: new Array<number>(depth).fill(8),
              strides: [2, ...new Array<number>(depth - 1).fill(1)],
              pooling: 'none',
            }),
            cnnOf({ channels: [8], strides: [2], pooling: 'none' }),
            image,
          ],
        ]
        for (const [wanted, start, task] of byDepth) {
          const parameters = countParameters(wanted, task)
          expect(solveSize(start, task, { parameters, by: 'depth' }).architecture).toEqual(wanted)
        }
      }),
      { numRuns: 12, seed: 5 },
    )
  })

  test('keeps the proportions of widths, and channels divisible into groups', () => {
    const pyramid = solveSize(mlpOf({ hidden: [100, 50] }), image, { parameters: 1e6 }).architecture
    expect(pyramid.kind === 'mlp' && pyramid.hidden[0]! / pyramid.hidden[1]!).toBeCloseTo(2, 1)
    const grouped = solveSize(cnnOf({ normalization: 'group', groups: 6 }), image, {
      parameters: 5e4,
    }).architecture
    expect(grouped.kind === 'cnn' && grouped.channels.every((count) => count % 6 === 0)).toBe(true)
  })

  test.each(plain)('names the setting and the range if no width will do: %s', (_, start, task) => {
    expect(() => solveSize(start, task, { parameters: 5 })).toThrow(
      /^model\.parameters must be \d+ or more for this network by its width, got 5$/,
    )
  })

  test('says what stands in the way', () => {
    expect(() => solveSize(mlpOf({ hidden: [] }), image, { parameters: 1e5 })).toThrow(
      'model.hidden must name 1 layer or more for its width to be solved for, got none',
    )
    expect(() =>
      solveSize(mlpOf({ hidden: [3, 4] }), image, { parameters: 1e5, by: 'depth' }),
    ).toThrow('model.hidden must be of one width for its depth to be solved for, got 3, 4')
    expect(() => solveSize(cnnOf({}), image, { parameters: 1e5, by: 'depth' })).toThrow(
      'model.pooling must be none for the depth to be solved for, got max',
    )
    expect(() => solveSize(resnetOf({}), image, { parameters: 1e15 })).toThrow(/must be at most/)
  })
})
