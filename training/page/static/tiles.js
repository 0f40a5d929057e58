// The pictures of the group in view, drawn around the window, and moving among them by keys.

import { byId, toast } from "./dom.js";
import { store } from "./store.js";
import { current, currentGroup, UNCLUSTERED } from "./view.js";
import { ordered } from "./order.js";
import { clear, extendTo, isSelected, onSelect, selected, toggle } from "./selection.js";
import { closeStacks, stacked, toggleStack } from "./stacks.js";
import { around, measure, perRow, put } from "./grid.js";
import { drawSelected, drawTile, newTile, removeOrPutBack } from "./tile.js";

const list = byId("tiles");
const size = byId("size");
const SIZE_KEY = "label-picture-size";
const DEFAULT_SIZE = 240;

/** What each tile in view shows, in order (see stacks.js), and each picture's place. */
let shown = [];
let places = new Map();
/** Tiles that are there, by picture; of the group that was drawn last only. */
let tiles = new Map();
let drawnFor = null;
let open = () => {};
/** The place that had the focus last. Its tile is always there, however far one scrolls: one goes on from it. */
let lastPlace = 0;
let waiting = false;

/** `onOpen` is told of the picture that a person wants to see large. */
export function watchTiles(onOpen) {
  open = onOpen;
  size.value = localStorage.getItem(SIZE_KEY) ?? DEFAULT_SIZE;
  size.addEventListener("input", resize);
  list.addEventListener("keydown", onKey);
  list.addEventListener("focusin", (event) => {
    lastPlace = placeAt(event.target);
    fill();
  });
  new ResizeObserver(() => requestAnimationFrame(arrange)).observe(list);
  addEventListener("scroll", fillSoon, { passive: true });
  addEventListener("resize", fillSoon);
  onSelect(drawSelection);
  resize();
}

/** What each tile in view shows: a picture, and those that go with it. */
export const inView = () => shown;

/** The place of the tile that shows a picture, or whose stack it is in. */
export const placeOf = (picture) => places.get(picture);

/** The pictures in view, in order; those removed from it last. */
export function pictures() {
  if (current() === UNCLUSTERED) return ordered(store.state.unclustered);
  const group = currentGroup();
  return group ? [...ordered(group.pictures), ...group.out] : [];
}

export function drawTiles() {
  const hadFocus = list.contains(document.activeElement);
  if (drawnFor !== current()) {
    list.replaceChildren();
    tiles = new Map();
    lastPlace = 0;
    closeStacks();
    clear();
  }
  drawnFor = current();
  shown = stacked(pictures());
  places = new Map(shown.flatMap((tile, place) => tile.pictures.map((picture) => [picture, place])));
  shown.forEach(({ item }, place) => places.set(item.picture, place));
  lastPlace = Math.min(lastPlace, Math.max(shown.length - 1, 0));
  arrange();
  if (hadFocus && placeAt(document.activeElement) !== lastPlace) focusTile(lastPlace, { preventScroll: true });
}

/** Give each tile its place, after the pictures or the size of their tiles have changed. */
function arrange() {
  if (!list.clientWidth) return; // Behind the list of groups, on a phone.
  if (!list.children.length) have([lastPlace]);
  if (list.children.length) measure(list.firstElementChild, shown.length);
  fill();
}

/** Fill the grid around the window as often as the screen is drawn, however often it is scrolled. */
function fillSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    fill();
  });
}

function fill() {
  const [first, end] = around();
  const near = Array.from({ length: end - first }, (_, index) => first + index);
  if (lastPlace < first) near.unshift(lastPlace);
  if (lastPlace >= end) near.push(lastPlace);
  have(near);
}

/** Have the tiles of these places, which are in order, and no others. */
function have(wanted) {
  const before = tiles;
  const there = wanted.map((place) => shown[place]).filter(Boolean);
  const hands = { open, order, remove, unstack };
  tiles = new Map(there.map(({ item: { picture } }) => [picture, before.get(picture) ?? newTile(picture, hands)]));
  for (const [picture, tile] of before) if (!tiles.has(picture)) tile.remove();
  let next = list.firstElementChild;
  for (const each of there) {
    const { picture } = each.item;
    const tile = tiles.get(picture);
    const place = places.get(picture);
    drawTile(tile, each);
    put(tile, place);
    tile.querySelector("button.picture").tabIndex = place === lastPlace ? 0 : -1;
    if (tile === next) next = tile.nextElementSibling;
    else list.insertBefore(tile, next);
  }
}

const order = () => shown.map(({ pictures }) => pictures);

/** Remove a picture in view, and those that go with it, from their group, or put them back. */
export const remove = (picture) => removeOrPutBack(shown[places.get(picture)]);

/** Open the stack that a picture is in, or close it. */
function unstack(picture) {
  toggleStack(shown[places.get(picture)].stack.key);
  drawTiles();
  focusTile(places.get(picture));
}

/** The same for the tile that has the focus. */
export function unstackFocused() {
  const picture = focusedPicture();
  if (shown[places.get(picture)]?.stack) unstack(picture);
  else toast("No stack of copies has the focus: P goes to the pictures, arrow keys move");
}

/** The picture whose tile has the focus; null when none has. */
export function focusedPicture() {
  const button = document.activeElement?.closest?.("#tiles li")?.querySelector("button.picture");
  return button ? Number(button.dataset.picture) : null;
}

/** The pictures that go together in the tile that has the focus. */
export const focusedPictures = () => shown[places.get(focusedPicture())]?.pictures ?? [];

/** The place of the tile that an element is in; undefined outside of tiles. */
const placeAt = (element) => places.get(Number(element.closest("#tiles li")?.querySelector("button.picture").dataset.picture));

export function focusTile(place, options) {
  if (!shown.length) return;
  lastPlace = Math.min(Math.max(place, 0), shown.length - 1);
  fill();
  tiles.get(shown[lastPlace].item.picture).querySelector("button.picture").focus(options);
}

/** Give the focus back to where it was among the pictures, after a dialog or a change. */
export function refocus() {
  if (shown.length) focusTile(lastPlace);
  else byId("title").focus();
}

export function enlarge(steps) {
  size.value = Number(size.value) + steps * 40;
  resize();
}

function resize() {
  localStorage.setItem(SIZE_KEY, size.value);
  const before = -list.getBoundingClientRect().top / list.offsetHeight;
  list.style.setProperty("--tile", `${size.value}px`);
  arrange();
  // What is at the window's top stays there.
  if (before > 0) scrollBy(0, list.getBoundingClientRect().top + before * list.offsetHeight);
}

function onKey(event) {
  const at = placeAt(event.target);
  if (at === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const together = shown[at].pictures;
  if (event.key === " ") {
    event.preventDefault();
    if (event.shiftKey) extendTo(together, order());
    else toggle(together);
    return;
  }
  if (event.key === "Escape" && selected().length) {
    event.preventDefault();
    clear();
    return;
  }
  const columns = perRow();
  const last = shown.length - 1;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: last - at };
  if (!(event.key in steps)) return;
  event.preventDefault();
  if (event.key === "ArrowUp" && at < columns) byId("title").focus();
  else {
    if (event.shiftKey && !together.every(isSelected)) toggle(together);
    focusTile(at + steps[event.key]);
    if (event.shiftKey) extendTo(focusedPictures(), order());
  }
}

function drawSelection() {
  for (const tile of tiles.values()) drawSelected(tile);
}
