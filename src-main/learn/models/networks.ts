import type { Task } from '#learn/tasks'
import type { Architecture } from './architecture.ts'
import type { NetworkDefinition } from './definition.ts'
import { mlp } from './mlp.ts'

/** The definition of an architecture for a task. */
export function defineNetwork(architecture: Architecture, task: Task): NetworkDefinition {
  return mlp(architecture, task)
}
