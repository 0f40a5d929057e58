// Which group is in view.

import { isUnnamed, store } from "./store.js";

/** Stands for the pictures in no group. */
export const UNCLUSTERED = -1;

let shown = null;
let known = new Set();
const listeners = new Set();

export const current = () => shown;

/** The group in view; undefined for the unclustered pictures. */
export const currentGroup = () => store.state.groups.find((group) => group.id === shown);

export const onShow = (listener) => listeners.add(listener);

export function show(id) {
  shown = id;
  // Without the query: the token that opened the page has done its work, and need not be seen or bookmarked.
  history.replaceState(null, "", `${location.pathname}#${id === UNCLUSTERED ? "unclustered" : `group-${id}`}`);
  for (const listener of listeners) listener();
}

/** Go some groups on, round and round. */
export function step(count) {
  const all = places();
  show(all[(all.indexOf(shown) + count + all.length) % all.length]);
}

/** Go to the next group without a name; false when all have one. */
export function stepToUnnamed() {
  const all = places();
  const start = all.indexOf(shown);
  const order = [...all.slice(start + 1), ...all.slice(0, start + 1)];
  const next = order.find((id) => id !== UNCLUSTERED && isUnnamed(store.state.groups.find((group) => group.id === id)));
  if (next === undefined) return false;
  show(next);
  return true;
}

/** After a change: stay where we are if that is still there, else go to what came of it. */
export function settle() {
  const all = places();
  const fresh = known.size ? all.find((id) => !known.has(id)) : fromAddress(all);
  known = new Set(all);
  if (!all.includes(shown)) show(fresh ?? all.find((id) => id > shown) ?? all[0]);
}

const places = () => [...store.state.groups.map((group) => group.id), UNCLUSTERED];

function fromAddress(all) {
  const wanted = location.hash === "#unclustered" ? UNCLUSTERED : Number(location.hash.replace("#group-", "") || NaN);
  return all.includes(wanted) ? wanted : all[0];
}
