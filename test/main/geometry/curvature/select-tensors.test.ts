import { describe, expect, test } from 'vitest'
import { selectTensors } from '#geometry/curvature'
import { createLayout } from '#tensor/dense'

const layout = createLayout([
  { name: 'layers.1.weight', shape: [2, 3] },
  { name: 'layers.1.bias', shape: [2] },
  { name: 'layers.10.weight', shape: [4] },
  { name: 'scale', shape: [] },
])
const namesOf = (names?: string[]): string[] =>
  selectTensors(layout, names).layout.entries.map(({ name }) => name)

describe('a selection of tensors', () => {
  test('is all of them if nothing is named', () => {
    expect(selectTensors(layout)).toEqual({ places: [0, 1, 2, 3], layout })
  })

  test('goes by whole names and by beginnings up to a dot, in the order of the layout', () => {
    expect(namesOf(['scale', 'layers.1'])).toEqual(['layers.1.weight', 'layers.1.bias', 'scale'])
    expect(namesOf(['layers.10.weight'])).toEqual(['layers.10.weight'])
    expect(namesOf(['layers'])).toHaveLength(3)
  })

  test('lays them one after another', () => {
    const { places, layout: selected } = selectTensors(layout, ['layers.1.bias', 'scale'])
    expect(places).toEqual([1, 3])
    expect(selected.entries.map(({ offset }) => offset)).toEqual([0, 2])
    expect(selected.size).toBe(3)
  })

  test('must name what is there', () => {
    const allowed =
      'names, or beginnings of names up to a dot, among layers.1.weight, layers.1.bias, layers.10.weight, scale'
    expect(() => selectTensors(layout, ['layers.1.w'])).toThrow(
      `tensors must be ${allowed}; got layers.1.w`,
    )
    expect(() => selectTensors(layout, [])).toThrow(`tensors must be one or more ${allowed}`)
  })
})
