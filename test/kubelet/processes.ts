import { readdirSync, readFileSync } from 'node:fs'

/** Processes, zombies apart, whose command line or environment mentions `text`: how a test finds what it left behind. */
export function processesMentioning(text: string): readonly string[] {
  return readdirSync('/proc').flatMap(pid => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
      return commandLine.includes(text) || environment.includes(text) ? [`${pid} ${commandLine}`] : []
    } catch {
      return [] // gone meanwhile
    }
  })
}

export function mountsMentioning(text: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes(text))
}
