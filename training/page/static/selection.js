// Which pictures in view are selected. It knows nothing of tiles: whoever draws them asks, and is told of changes.

const chosen = new Set();
const listeners = new Set();
/** From where a range is extended. */
let anchor = null;

export const onSelect = (listener) => listeners.add(listener);

export const selected = () => [...chosen];

export const isSelected = (picture) => chosen.has(picture);

/** Select pictures that go together or, where all of them are selected, none of them. */
export function toggle(pictures) {
  const add = !pictures.every(isSelected);
  for (const picture of pictures) add ? chosen.add(picture) : chosen.delete(picture);
  anchor = pictures[0];
  tell();
}

/** Select everything between the last pictures that were toggled and these, in the order of `tiles`, lists of pictures. */
export function extendTo(pictures, tiles) {
  const from = tiles.findIndex((each) => each.includes(anchor));
  const to = tiles.indexOf(pictures);
  if (from < 0) return toggle(pictures);
  for (const picture of tiles.slice(Math.min(from, to), Math.max(from, to) + 1).flat()) chosen.add(picture);
  tell();
}

export function select(pictures) {
  for (const picture of pictures) chosen.add(picture);
  anchor = pictures.at(-1) ?? anchor;
  tell();
}

/** Select these and no others. */
export function replaceSelection(pictures) {
  const wanted = new Set(pictures);
  if (wanted.size === chosen.size && pictures.every((picture) => chosen.has(picture))) return;
  chosen.clear();
  for (const picture of wanted) chosen.add(picture);
  anchor = pictures.at(-1) ?? null;
  tell();
}

export function clear() {
  if (!chosen.size) return;
  chosen.clear();
  anchor = null;
  tell();
}

/** Forget what is not in view any more. */
export function keep(pictures) {
  const before = chosen.size;
  const there = new Set(pictures);
  for (const picture of chosen) if (!there.has(picture)) chosen.delete(picture);
  if (chosen.size !== before) tell();
}

function tell() {
  for (const listener of listeners) listener();
}
