/** What is there at once, or will be. Where nearly all of it is there at once, awaiting it costs more than the work. */
export type MaybePromise<T> = T | Promise<T>

/** As `then`, but at once where nothing has to be waited for; what `next` throws is then thrown at once too. */
export function after<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
