/**
 * A place in the user's log: "<epoch>:<seq>". An epoch is one life of the log, so that places of
 * different epochs have no order. The socket resumes from one, the reducer orders by them.
 */

/** True when `a` lies before `b`, or when the two cannot be compared. */
export function isBeforeOrElsewhere(a: string, b: string): boolean {
  const order = compareCursors(a, b);
  return order === null || order < 0;
}

/** Negative, zero or positive as `a` lies before, at or after `b`; null across epochs. */
export function compareCursors(a: string, b: string): number | null {
  const [epochA, seqA] = parse(a);
  const [epochB, seqB] = parse(b);
  return epochA === epochB ? seqA - seqB : null;
}

function parse(cursor: string): [epoch: string, seq: number] {
  const colon = cursor.lastIndexOf(":");
  return [cursor.slice(0, colon), Number(cursor.slice(colon + 1))];
}
