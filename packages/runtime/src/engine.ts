import { setFlagsFromString } from 'node:v8'

/**
 * The engine watches where values are made that outlive a collection of garbage, and soon makes all of
 * that place among the old ones at once. In an agent they live until a commit is durable, some
 * milliseconds; among the old ones they lie until the next large collection, together with all that they
 * refer to, and every small collection copies it. Not so: what is young stays young.
 */
export function keepYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
