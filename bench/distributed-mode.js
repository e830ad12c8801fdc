/** Everything about the distributed mode, one after the other; each takes `--small`. */
await import('./distributed.js')
await import('./queue.js')
await import('./relist.js')
