/** The ranges of close codes decide for every code, known or not. */

import { expect, it } from "vitest";

import { CLOSE_CODES, isFinal } from "../src/socket/closeCodes";

it("comes back after every code but those from 4500 to 4999", () => {
  const final = Object.keys(CLOSE_CODES).map(Number).filter(isFinal);
  expect(final).toEqual([4500, 4503]);
  expect([1000, 1006, 4000, 4499, 4777, 5000].map(isFinal)).toEqual([false, false, false, false, true, false]);
});
