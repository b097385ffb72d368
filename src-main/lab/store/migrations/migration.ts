/** One step of the schema. Once released its SQL never changes: stores remember its hash. */
export interface Migration {
  /** Numbered, as its file, e.g. `0001-create-runs`. */
  readonly name: string
  readonly sql: string
}
