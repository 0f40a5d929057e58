// The order of the pictures in view: the most typical first, or first what does not seem to belong there.

import { byId, toast } from "./dom.js";
import { read, store } from "./store.js";
import { current } from "./view.js";

/** Places of pictures, by picture, in the group that they were asked for; null where the most typical come first. */
let ranks = null;
let place = null;
let changed = () => {};

/** `onChange` is told when the pictures are to be drawn anew. */
export function watchOrder(onChange) {
  changed = onChange;
  byId("odd-first").addEventListener("click", toggleOrder);
}

export function drawOrder() {
  byId("odd-first").setAttribute("aria-pressed", String(isOdd()));
}

const isOdd = () => ranks !== null && place === current();

/** Items in the order that the person chose; those removed stay last. */
export function ordered(items) {
  if (!isOdd()) return items;
  const rank = ({ picture }) => ranks.get(picture) ?? Infinity;
  return [...items].sort((one, other) => rank(one) - rank(other) || 0);
}

export async function toggleOrder() {
  if (isOdd()) ranks = null;
  else {
    try {
      const asked = current();
      const { pictures } = await read(await fetch(`/api/order?group=${asked}`));
      if (asked !== current()) return;
      place = asked;
      ranks = new Map(pictures.map((picture, index) => [picture, index]));
    } catch (error) {
      toast(error.message, "problem");
    }
  }
  if (store.state) changed();
}
