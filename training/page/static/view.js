// Which group is in view.

import { isUnnamed, store, titleOf } from "./store.js";

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

/** Go some groups on, round and round, in the order of the list. */
export function step(count) {
  const all = places();
  show(all[(all.indexOf(shown) + count + all.length) % all.length]);
}

/** Go to the largest group without a name, where naming helps most; false when all have one. */
export function stepToUnnamed() {
  const unnamed = store.state.groups.filter((group) => isUnnamed(group) && group.id !== shown);
  const [next] = unnamed.sort((one, other) => other.pictures.length - one.pictures.length || one.id - other.id);
  if (next === undefined) return false;
  show(next.id);
  return true;
}

/** After a change: stay where we are if that is still there, else go to what came of it. */
export function settle() {
  const all = places();
  const fresh = known.size ? all.find((id) => !known.has(id)) : fromAddress(all);
  known = new Set(all);
  if (!all.includes(shown)) show(fresh ?? all.find((id) => id > shown) ?? all[0]);
}

const places = () => [...inOrder(store.state.groups).map((group) => group.id), UNCLUSTERED];

const ORDER_KEY = "label-order";
const ORDERS = {
  number: (one, other) => one.id - other.id,
  size: (one, other) => other.pictures.length - one.pictures.length,
  doubt: (one, other) => other.distanceToCentre - one.distanceToCentre,
  name: (one, other) => Number(!one.names.length) - Number(!other.names.length) || titleOf(one).localeCompare(titleOf(other)),
};

export const order = () => (localStorage.getItem(ORDER_KEY) in ORDERS ? localStorage.getItem(ORDER_KEY) : "size");

export const setOrder = (name) => localStorage.setItem(ORDER_KEY, name);

/** Groups as the list has them: by category, and within each as the person chose. */
export const inOrder = (groups) =>
  [...groups].sort(
    (one, other) =>
      (one.category ?? "").localeCompare(other.category ?? "") || ORDERS[order()](one, other) || one.id - other.id,
  );

function fromAddress(all) {
  const wanted = location.hash === "#unclustered" ? UNCLUSTERED : Number(location.hash.replace("#group-", "") || NaN);
  return all.includes(wanted) ? wanted : all[0];
}
