/**
 * A time as metav1.Time writes it: RFC 3339, in whole seconds.
 *
 * @param wall milliseconds since 1970.
 */
export function timestamp(wall: number): string {
  return `${new Date(wall).toISOString().slice(0, 19)}Z`;
}

/**
 * A time as metav1.MicroTime writes it: RFC 3339, with microseconds.
 *
 * @param wall milliseconds since 1970.
 */
export function microTime(wall: number): string {
  return `${new Date(wall).toISOString().slice(0, 23)}000Z`;
}
