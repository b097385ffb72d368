import type { Task } from '#learn/tasks'
import type { Architecture } from './architecture.ts'
import { cnn } from './cnn.ts'
import type { NetworkDefinition } from './definition.ts'
import { mlp } from './mlp.ts'
import type { Parameterization } from './parameterization.ts'
import { resnet } from './resnet.ts'
import { transformer } from './transformer.ts'

/**
 * The definition of an architecture for a task.
 *
 * @throws InputError naming `model.kind` or the setting that does not fit.
 */
export function defineNetwork(
  architecture: Architecture,
  task: Task,
  parameterization: Parameterization,
): NetworkDefinition {
  switch (architecture.kind) {
    case 'mlp':
      return mlp(architecture, task)
    case 'cnn':
      return cnn(architecture, task)
    case 'resnet':
      return resnet(architecture, task)
    case 'transformer':
      return transformer(architecture, task, parameterization)
  }
}
