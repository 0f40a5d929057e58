// The pictures of the group in view, and moving among them by keys.

import { byId, el, isolated } from "./dom.js";
import { change, store } from "./store.js";
import { current, currentGroup, UNCLUSTERED } from "./view.js";

const list = byId("tiles");
const size = byId("size");
const SIZE_KEY = "label-picture-size";
const DEFAULT_SIZE = 240;
/** Tiles by picture; of the group that was drawn last only. */
let tiles = new Map();
let drawnFor = null;
let open = () => {};

/** `onOpen` is told of the picture that a person wants to see large. */
export function watchTiles(onOpen) {
  open = onOpen;
  size.value = localStorage.getItem(SIZE_KEY) ?? DEFAULT_SIZE;
  size.addEventListener("input", resize);
  list.addEventListener("keydown", onKey);
  resize();
}

/** The pictures in view, in order; those removed from it last. */
export function pictures() {
  if (current() === UNCLUSTERED) return store.state.unclustered;
  const group = currentGroup();
  return group ? [...group.pictures, ...group.out] : [];
}

export function drawTiles() {
  const shown = pictures();
  const focused = list.contains(document.activeElement) ? indexOf(document.activeElement) : -1;
  if (drawnFor !== current()) tiles = new Map();
  drawnFor = current();
  const before = tiles;
  tiles = new Map(shown.map((item) => [item.picture, before.get(item.picture) ?? newTile(item.picture)]));
  for (const item of shown) update(tiles.get(item.picture), item);
  const wanted = [...tiles.values()];
  if (wanted.length !== list.children.length || wanted.some((tile, index) => list.children[index] !== tile)) {
    list.replaceChildren(...wanted);
  }
  const buttons = [...list.querySelectorAll("button.picture")];
  if (!buttons.some((button) => button.tabIndex === 0) && buttons.length) buttons[0].tabIndex = 0;
  if (focused >= 0 && !list.contains(document.activeElement)) focusTile(Math.min(focused, buttons.length - 1));
}

/** Remove a picture in view from its group, or put it back. */
export function remove(picture) {
  const item = pictures().find((candidate) => candidate.picture === picture);
  return change({ op: item?.mark === "out" ? "put_back" : "remove", picture });
}

/** The picture that has the focus; null when none has. */
export function focusedPicture() {
  const button = document.activeElement?.closest?.("#tiles li")?.querySelector("button.picture");
  return button ? Number(button.dataset.picture) : null;
}

export function focusTile(index) {
  const buttons = [...list.querySelectorAll("button.picture")];
  const wanted = buttons[index];
  if (!wanted) return;
  for (const button of buttons) button.tabIndex = button === wanted ? 0 : -1;
  wanted.focus();
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
  const image = el("img", {
    src: `/picture/${picture}/small`,
    alt: name,
    loading: "lazy",
    decoding: "async",
    draggable: false,
  });
  image.addEventListener("error", () => image.closest("li").classList.add("unreadable"));
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", className: "picture", tabIndex: -1, dataset: { picture }, onclick: () => open(picture) },
      image,
    ),
    el(
      "p",
      { className: "caption" },
      isolated(name, { className: "file", title: name }),
      el("span", { className: "mark" }),
    ),
    el("button", { type: "button", className: "out", tabIndex: -1, onclick: () => remove(picture) }),
  );
}

function update(tile, { picture, mark, distance }) {
  const away = distance === null ? "" : `${distance.toFixed(3)} away`;
  const words = { core: "", border: away, new: `new, ${away}`, out: "removed" };
  const inGroup = current() !== UNCLUSTERED;
  tile.className = mark;
  tile.querySelector(".mark").textContent = inGroup || mark === "out" ? words[mark] : away;
  const out = tile.querySelector(".out");
  out.hidden = !inGroup && mark !== "out";
  out.textContent = mark === "out" ? "Put back" : "Remove";
  out.setAttribute("aria-label", `${out.textContent}: ${store.names[picture]}`);
}

const indexOf = (element) => [...list.children].indexOf(element.closest("li"));

function onKey(event) {
  const at = indexOf(event.target);
  if (at < 0) return;
  const top = list.children[at].offsetTop;
  const columns = [...list.children].filter((tile) => tile.offsetTop === list.children[0].offsetTop).length;
  const steps = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    Home: -at,
    End: list.children.length - 1 - at,
  };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const wanted = at + steps[event.key];
  if (wanted < 0 && event.key === "ArrowUp" && top === list.children[0].offsetTop) byId("title").focus();
  else focusTile(Math.min(Math.max(wanted, 0), list.children.length - 1));
}
