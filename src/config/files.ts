import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'

/** A file of settings that cannot be used, in one line. */
export class ConfigFileError extends Error {}

interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  cwd(): string
}

/**
 * Adds the variables of the file that `CONFIG_FILE` names, else of `.env`, to those that are set: these win.
 *
 * @param folder that file names are relative to, the working directory
 * @returns the file that was read, and the names that come from it; null where there is none
 * @throws ConfigFileError where `CONFIG_FILE` names a file that cannot be read
 */
export function addConfigFile(process: Surroundings): { file: string; names: Set<string> } | null {
  const { env } = process
  const given = env.CONFIG_FILE || undefined
  const file = resolve(process.cwd(), given ?? '.env')
  if (given === undefined && !existsSync(file)) return null
  const variables = parseEnv(read(file))
  const names = new Set<string>()
  for (const [name, value] of Object.entries(variables)) {
    if (env[name] !== undefined) continue
    env[name] = value
    names.add(name)
  }
  return { file, names }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigFileError(`CONFIG_FILE cannot be read: ${(error as Error).message}`)
  }
}
