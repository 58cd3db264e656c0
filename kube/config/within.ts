/**
 * A deadline for work that cannot be given a signal, because client-node does it. The work itself goes on.
 */

/** @throws an error with `message` if `work` has not settled after `ms` milliseconds. */
export async function within<T>(ms: number, work: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(message)), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
