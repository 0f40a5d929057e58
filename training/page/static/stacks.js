// Copies of one picture are one tile, a stack, until a person opens it.

import { store } from "./store.js";
import { isOut } from "./tile.js";

/** The stacks that are open, in the group in view. */
const opened = new Set();

export const closeStacks = () => opened.clear();

export function toggleStack(key) {
  if (!opened.delete(key)) opened.add(key);
}

/** How many items are different pictures. */
export const countDifferent = (items) => (store.copies.size ? byStack(items).size : items.length);

/**
 * The tiles of items: `item` is what one shows, `pictures` are those that go together, `stack` tells of its copies, if
 * it has any. In an open stack only those go together that nothing tells apart.
 */
export const stacked = (items) =>
  [...byStack(items)].flatMap(([key, copies]) => {
    if (copies.length === 1) return { item: copies[0], pictures: [copies[0].picture] };
    const count = copies.length;
    if (!opened.has(key)) return { item: copies[0], pictures: copies.map(({ picture }) => picture), stack: { key, count } };
    const same = Map.groupBy(copies.map(({ picture }) => picture), (picture) => store.copies.get(picture).same);
    return copies.map((item, index) => ({
      item,
      pictures: same.get(store.copies.get(item.picture).same),
      stack: { key, count, number: index + 1 },
    }));
  });

/** What was removed is not in one stack with what was not. */
const byStack = (items) =>
  Map.groupBy(items, (item) => {
    const copies = store.copies.get(item.picture);
    return copies ? `${copies.stack} ${isOut(item)}` : item;
  });
