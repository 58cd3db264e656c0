/**
 * The part of AbortSignal that pure code may know. It merges with the platform's own declaration where there is one, so a
 * real AbortSignal fits everywhere.
 */
declare global {
  interface AbortSignal {
    readonly aborted: boolean;
    addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
    removeEventListener(type: 'abort', listener: () => void): void;
  }
}

export {};
