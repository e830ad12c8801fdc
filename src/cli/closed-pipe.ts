/**
 * Lets a reader go away before everything is written, as in `tektite deliveries list | head -1`: what comes after that is
 * dropped, and the command goes on to its end, with its clean-up and its exit code. Any other fault of the stream is thrown.
 */
export function ignoreClosedPipe(...streams: readonly NodeJS.WritableStream[]): void {
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // EIO: the terminal was closed.
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    })
  }
}
