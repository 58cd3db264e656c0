/**
 * An outcome that is expected either way, as a value. What is not expected throws.
 */
export type Result<T, E = string> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };
