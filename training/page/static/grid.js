// Where tiles are: a grid of any number of them, of which only those around the window need to be there.

import { byId } from "./dom.js";

const list = byId("tiles");
/** Tiles so far above and below the window are there before they are scrolled to. */
const MARGIN_PIXELS = 1000;

let total = 0;
let columns = 1;
/** Of one tile, and the gaps between two. */
let [width, height, gapX, gapY] = [1, 1, 0, 0];

const rows = () => Math.ceil(total / columns);
const left = (place) => (place % columns) * (width + gapX);
const top = (place) => Math.floor(place / columns) * (height + gapY);

/** How many tiles are in a row. */
export const perRow = () => columns;

/** Measure anew, by a tile that is in the list, which has `count` places. The columns are the style sheet's. */
export function measure(tile, count) {
  const style = getComputedStyle(list);
  const tracks = style.gridTemplateColumns.split(" ").map(Number.parseFloat);
  total = count;
  columns = tracks.length;
  [width, gapX, gapY] = [tracks[0], Number.parseFloat(style.columnGap), Number.parseFloat(style.rowGap)];
  list.style.setProperty("--width", `${width}px`);
  height = tile.getBoundingClientRect().height;
  list.style.height = `${rows() * (height + gapY) - gapY}px`;
}

/** The first place around the window, and the one after the last. */
export function around() {
  const begin = list.getBoundingClientRect().top;
  const row = (pixels) => Math.min(Math.max(Math.floor((pixels - begin) / (height + gapY)), 0), rows());
  return [row(-MARGIN_PIXELS) * columns, Math.min((row(innerHeight + MARGIN_PIXELS) + 1) * columns, total)];
}

/** Put a tile where it belongs, for those who see it and those who hear of it. */
export function put(tile, place) {
  tile.setAttribute("aria-setsize", String(total));
  tile.setAttribute("aria-posinset", String(place + 1));
  tile.style.left = `${left(place)}px`;
  tile.style.top = `${top(place)}px`;
}

/** The places that a rectangle on the page touches. */
export function touched(box) {
  const origin = list.getBoundingClientRect();
  const [x, y] = [box.left - origin.left - scrollX, box.top - origin.top - scrollY];
  const [right, bottom] = [x + box.right - box.left, y + box.bottom - box.top];
  const first = Math.max(Math.floor(y / (height + gapY)), 0) * columns;
  const places = [];
  for (let place = first; place < total && top(place) < bottom; place += 1) {
    const inside = left(place) < right && left(place) + width > x && top(place) + height > y;
    if (inside) places.push(place);
  }
  return places;
}
