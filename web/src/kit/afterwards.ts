/** `next` follows a change even where the page no longer shows who asked for it: the callbacks that are given to `mutate` end with
 * their component. What went wrong is the mutation's to show. */
export function afterwards<Result>(change: Promise<Result>, next: (result: Result) => void): void {
  change.then(next, () => undefined);
}
