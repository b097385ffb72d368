import type { MeasurementDocument } from '../schemas/index.ts'
import { isWholeHessian, matrixHeading, matrixKey } from './measured-matrix.ts'

/** The measurements of one matrix. */
export interface MatrixGroup {
  readonly key: string
  /** e.g. `Gauss–Newton matrix G`. */
  readonly heading: string
  /** In the order of the spec, and of steps. */
  readonly documents: readonly MeasurementDocument[]
}

/** Measurements by matrix: the whole Hessian first, then in the order of the spec. */
export function matrixGroups(documents: readonly MeasurementDocument[]): MatrixGroup[] {
  const groups = Map.groupBy(documents, matrixKey)
  return [...groups]
    .map(([key, members]) => ({ key, members, isFirst: members.some(isWholeHessian) }))
    .toSorted((a, b) => Number(b.isFirst) - Number(a.isFirst))
    .map(({ key, members }) => ({
      key,
      heading: members[0] === undefined ? '' : matrixHeading(members[0]),
      documents: members,
    }))
}

type Kind = MeasurementDocument['kind']
type DocumentOf<K extends Kind> = Extract<MeasurementDocument, { kind: K }>

/** The documents of one kind. */
export const documentsOf = <K extends Kind>(
  documents: readonly MeasurementDocument[],
  kind: K,
): DocumentOf<K>[] =>
  documents.filter((document): document is DocumentOf<K> => document.kind === kind)

/** The document of the last step; the last of the spec where a step was measured twice. */
export const latestOf = <D extends MeasurementDocument>(documents: readonly D[]): D | null =>
  documents.reduce<D | null>(
    (best, document) => (best === null || document.step >= best.step ? document : best),
    null,
  )
