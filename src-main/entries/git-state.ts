import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const runFile = promisify(execFile)

/** What a folder has checked out. */
export interface GitState {
  /** Null where there is no checkout or no git. */
  readonly gitCommit: string | null
  /** Whether files differ from the commit; null where it is not known. */
  readonly gitDirty: boolean | null
}

const unknown: GitState = { gitCommit: null, gitDirty: null }

/** The commit of a checkout and whether it was changed since; only of the folder's own repository. */
export async function gitState(folder: string): Promise<GitState> {
  if (!existsSync(join(folder, '.git'))) return unknown
  const git = async (...args: string[]) => {
    const { stdout } = await runFile('git', ['-C', folder, ...args], { timeout: 5_000 })
    return stdout.trim()
  }
  try {
    const [gitCommit, changes] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('--no-optional-locks', 'status', '--porcelain', '--untracked-files=no'),
    ])
    return { gitCommit, gitDirty: changes !== '' }
  } catch {
    return unknown
  }
}
