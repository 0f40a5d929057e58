// Which pictures in view are selected. It knows nothing of tiles: whoever draws them asks, and is told of changes.

const chosen = new Set();
const listeners = new Set();
/** From where a range is extended. */
let anchor = null;

export const onSelect = (listener) => listeners.add(listener);

export const selected = () => [...chosen];

export const isSelected = (picture) => chosen.has(picture);

export function toggle(picture) {
  if (!chosen.delete(picture)) chosen.add(picture);
  anchor = picture;
  tell();
}

/** Select everything between the last picture that was toggled and this one, in the order given. */
export function extendTo(picture, order) {
  const [from, to] = [order.indexOf(anchor), order.indexOf(picture)];
  if (from < 0) return toggle(picture);
  for (const each of order.slice(Math.min(from, to), Math.max(from, to) + 1)) chosen.add(each);
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
