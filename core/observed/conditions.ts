/**
 * What an object of any owner says of itself by its conditions, as its own cluster writes them.
 */
import * as z from 'zod';

const word = z.string().max(1_024);

export const observedConditions = z.object({
  metadata: z.object({ generation: z.int().nullish() }),
  status: z
    .object({
      conditions: z
        .array(z.object({ type: word, status: word, reason: word, message: z.string(), observedGeneration: z.int().nullish() }))
        .max(64)
        .nullish(),
    })
    .nullish(),
});

export type ObservedConditions = z.infer<typeof observedConditions>;
