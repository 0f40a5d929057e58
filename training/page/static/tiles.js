// The pictures of the group in view, drawn as one scrolls, and moving among them by mouse, touch and keys.

import { byId, el, isolated } from "./dom.js";
import { change, store } from "./store.js";
import { current, currentGroup, UNCLUSTERED } from "./view.js";
import { ordered } from "./order.js";
import { clear, extendTo, isSelected, onSelect, selected, toggle } from "./selection.js";

const list = byId("tiles");
const size = byId("size");
const end = byId("tiles-end");
const SIZE_KEY = "label-picture-size";
const DEFAULT_SIZE = 240;
/** Tiles added at a time: some screens full, drawn in a few milliseconds. */
const BATCH = 120;
const LONG_PRESS_MILLISECONDS = 450;

/** Tiles by picture; of the group that was drawn last only. */
let tiles = new Map();
let drawnFor = null;
let limit = BATCH;
let open = () => {};
/** The place that had the focus last, for when its picture has gone. */
let lastPlace = 0;
let pressed = 0;

/** `onOpen` is told of the picture that a person wants to see large. */
export function watchTiles(onOpen) {
  open = onOpen;
  size.value = localStorage.getItem(SIZE_KEY) ?? DEFAULT_SIZE;
  size.addEventListener("input", resize);
  list.addEventListener("keydown", onKey);
  list.addEventListener("focusin", (event) => {
    lastPlace = Math.max(indexOf(event.target), 0);
  });
  new IntersectionObserver(([entry]) => entry.isIntersecting && drawMore(), { rootMargin: "1500px" }).observe(end);
  onSelect(drawSelection);
  resize();
}

/** The pictures in view, in order; those removed from it last. */
export function pictures() {
  if (current() === UNCLUSTERED) return ordered(store.state.unclustered);
  const group = currentGroup();
  return group ? [...ordered(group.pictures), ...group.out] : [];
}

export function drawTiles() {
  const focused = list.contains(document.activeElement) ? indexOf(document.activeElement) : -1;
  if (drawnFor !== current()) {
    tiles = new Map();
    limit = BATCH;
    clear();
  }
  drawnFor = current();
  place();
  if (focused >= 0 && !list.contains(document.activeElement)) focusTile(Math.min(focused, pictures().length - 1));
}

function place() {
  const shown = pictures().slice(0, limit);
  const before = tiles;
  tiles = new Map(shown.map((item) => [item.picture, before.get(item.picture) ?? newTile(item.picture)]));
  for (const item of shown) update(tiles.get(item.picture), item);
  const wanted = [...tiles.values()];
  if (wanted.length !== list.children.length || wanted.some((tile, index) => list.children[index] !== tile)) {
    list.replaceChildren(...wanted);
  }
  const buttons = [...list.querySelectorAll("button.picture")];
  if (!buttons.some((button) => button.tabIndex === 0) && buttons.length) buttons[0].tabIndex = 0;
  list.setAttribute("aria-busy", String(shown.length < pictures().length));
  drawSelection();
}

/** More tiles below those that are there; what is drawn stays untouched. */
function drawMore() {
  const all = store.state ? pictures() : [];
  if (limit >= all.length) return;
  const fresh = all.slice(limit, limit + BATCH);
  limit += BATCH;
  for (const item of fresh) {
    const tile = newTile(item.picture);
    tiles.set(item.picture, tile);
    update(tile, item);
    list.append(tile);
  }
  drawSelection();
  // An observer tells of changes only: look again while the end is still near.
  requestAnimationFrame(() => end.getBoundingClientRect().top < innerHeight + 1500 && drawMore());
}

/** Remove a picture in view from its group, or put it back. */
export function remove(picture) {
  const item = pictures().find((candidate) => candidate.picture === picture);
  const back = item?.mark === "out" || item?.mark === "unsure";
  return change({ op: back ? "put_back" : "remove", pictures: [picture] });
}

/** The picture that has the focus; null when none has. */
export function focusedPicture() {
  const button = document.activeElement?.closest?.("#tiles li")?.querySelector("button.picture");
  return button ? Number(button.dataset.picture) : null;
}

export function focusTile(index) {
  if (index >= limit) {
    limit = index + BATCH;
    place();
  }
  const buttons = [...list.querySelectorAll("button.picture")];
  const wanted = buttons[index];
  if (!wanted) return;
  for (const button of buttons) button.tabIndex = button === wanted ? 0 : -1;
  wanted.focus();
}

/** Give the focus back to where it was among the pictures, after a dialog or a change. */
export function refocus() {
  if (list.children.length) focusTile(Math.min(lastPlace, pictures().length - 1));
  else byId("title").focus();
}

export function enlarge(steps) {
  size.value = Number(size.value) + steps * 40;
  resize();
}

function resize() {
  localStorage.setItem(SIZE_KEY, size.value);
  list.style.setProperty("--tile", `${size.value}px`);
}

function newTile(picture) {
  const name = store.names[picture];
  const slash = name.lastIndexOf("/") + 1;
  const image = el("img", {
    src: `/picture/${picture}/small`,
    alt: name,
    loading: "lazy",
    decoding: "async",
    draggable: false,
  });
  image.addEventListener("error", () => image.closest("li").classList.add("unreadable"));
  const button = el(
    "button",
    { type: "button", className: "picture", tabIndex: -1, dataset: { picture }, onclick: (event) => onClick(event, picture) },
    image,
  );
  button.addEventListener("pointerdown", (event) => onPress(event, picture));
  for (const over of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(over, () => clearTimeout(pressed));
  button.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
  return el(
    "li",
    {},
    button,
    el("button", { type: "button", className: "check", tabIndex: -1, onclick: (event) => onCheck(event, picture) }),
    el(
      "p",
      { className: "caption" },
      el(
        "span",
        { className: "file", title: name },
        isolated(name.slice(slash)),
        slash > 0 && el("span", { className: "folder" }, " ", isolated(name.slice(0, slash - 1))),
      ),
      el("span", { className: "mark" }),
    ),
    el("button", { type: "button", className: "out", tabIndex: -1, onclick: () => remove(picture) }),
  );
}

function onClick(event, picture) {
  if (event.currentTarget.dataset.pressed) {
    delete event.currentTarget.dataset.pressed;
  } else if (event.shiftKey) extendTo(picture, order());
  else if (event.ctrlKey || event.metaKey || selected().length) toggle(picture);
  else open(picture);
}

function onCheck(event, picture) {
  if (event.shiftKey) extendTo(picture, order());
  else toggle(picture);
}

/** A finger that stays selects; from then on a tap does. */
function onPress(event, picture) {
  if (event.pointerType !== "touch") return;
  const button = event.currentTarget;
  clearTimeout(pressed);
  pressed = setTimeout(() => {
    button.dataset.pressed = "yes";
    toggle(picture);
  }, LONG_PRESS_MILLISECONDS);
}

const order = () => pictures().map((item) => item.picture);

function drawSelection() {
  for (const [picture, tile] of tiles) {
    const on = isSelected(picture);
    tile.classList.toggle("selected", on);
    tile.querySelector(".check").setAttribute("aria-pressed", String(on));
  }
}

function update(tile, { picture, mark }) {
  const words = { core: "", border: "", new: "new", out: "removed", unsure: "not sure" };
  const back = mark === "out" || mark === "unsure";
  const inGroup = current() !== UNCLUSTERED;
  tile.className = mark;
  tile.querySelector(".mark").textContent = words[mark];
  const out = tile.querySelector(".out");
  out.hidden = !inGroup && !back;
  out.textContent = back ? "Put back" : "Remove";
  out.setAttribute("aria-label", `${out.textContent}: ${store.names[picture]}`);
  tile.querySelector(".check").setAttribute("aria-label", `Select ${store.names[picture]}`);
}

const indexOf = (element) => [...list.children].indexOf(element.closest("li"));

function onKey(event) {
  const at = indexOf(event.target);
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const picture = Number(list.children[at].querySelector("button.picture").dataset.picture);
  if (event.key === " ") {
    event.preventDefault();
    if (event.shiftKey) extendTo(picture, order());
    else toggle(picture);
    return;
  }
  if (event.key === "Escape" && selected().length) {
    event.preventDefault();
    clear();
    return;
  }
  const top = list.children[at].offsetTop;
  const first = list.children[0].offsetTop;
  let columns = 0;
  while (columns < list.children.length && list.children[columns].offsetTop === first) columns += 1;
  const last = pictures().length - 1;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: last - at };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const wanted = at + steps[event.key];
  if (wanted < 0 && event.key === "ArrowUp" && top === first) byId("title").focus();
  else {
    if (event.shiftKey && !isSelected(picture)) toggle(picture);
    focusTile(Math.min(Math.max(wanted, 0), last));
    if (event.shiftKey) extendTo(focusedPicture(), order());
  }
}
