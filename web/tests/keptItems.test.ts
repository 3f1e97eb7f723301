/** What stays in the document out of view: the focus, the selection, and no more. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { MAX_KEPT, placesOf, type Span } from "../src/components/keptItems";

const COUNT = 1_000;
const range = { startIndex: 500, endIndex: 504, overscan: 2, count: COUNT };
const IN_VIEW = [498, 499, 500, 501, 502, 503, 504, 505, 506];
/** Keys are places in words; one that is not a number is of an item that is gone. */
const placeOf = (key: string) => (/^\d+$/.test(key) ? Number(key) : -1);
const places = (...spans: Span[]) => placesOf(range, spans, placeOf);

describe("the items that are drawn", () => {
  it("are those in view and a few around them", () => {
    expect(places()).toEqual(IN_VIEW);
  });

  it("are also the one with the focus, in its place", () => {
    expect(places(["3", "3"])).toEqual([3, ...IN_VIEW]);
    expect(places(["500", "500"])).toEqual(IN_VIEW);
  });

  it("are also all that is selected, drawn up or down", () => {
    const selected = [507, 508, 509, 510];
    expect(places(["503", "510"])).toEqual([...IN_VIEW, ...selected]);
    expect(places(["510", "503"])).toEqual([...IN_VIEW, ...selected]);
  });

  it("are without what is gone", () => {
    expect(places(["gone", "gone"])).toEqual(IN_VIEW);
    expect(places(["gone", "9"])).toEqual([9, ...IN_VIEW]);
  });

  it("are never many, ascending, and each once", () => {
    const place = fc.nat({ max: COUNT - 1 }).map(String);
    fc.assert(
      fc.property(fc.array(fc.tuple(place, place), { maxLength: 3 }), (spans) => {
        const found = places(...spans);
        expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
        expect(found.length).toBeLessThanOrEqual(IN_VIEW.length + spans.length * MAX_KEPT);
        for (const end of spans.flat()) expect(found).toContain(Number(end));
      }),
    );
  });
});
