import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where a person's store is unless an option says otherwise. */
export function defaultStoreFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
  home: string = homedir(),
): string {
  const given = (name: string) => (env[name] === '' ? undefined : env[name])
  const own = given('SADDLE_STORE')
  if (own !== undefined) return own
  const data = given('XDG_DATA_HOME')
  if (data !== undefined) return join(data, 'saddle')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'saddle')
  if (platform === 'win32') {
    return join(given('LOCALAPPDATA') ?? join(home, 'AppData', 'Local'), 'saddle')
  }
  return join(home, '.local', 'share', 'saddle')
}
