/** The queues of an installation, as they are called in Redis behind its prefix. */

/** Of runs to look at. */
export const RUNS = 'runs'
/** Of deliveries to dispatch. */
export const DISPATCHES = 'inbox-dispatch'
