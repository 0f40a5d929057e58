// One picture in the list: what it shows, and what a click, a tap or a finger that stays does to it.

import { el, isolated } from "./dom.js";
import { change, store } from "./store.js";
import { current, UNCLUSTERED } from "./view.js";
import { extendTo, isSelected, selected, toggle } from "./selection.js";

const LONG_PRESS_MILLISECONDS = 450;
const WORDS = { core: "", border: "", new: "new", out: "removed", unsure: "not sure" };

let pressed = 0;
/** What each tile shows, as training/page/static/stacks.js has it. */
const drawn = new WeakMap();

/** Whether a picture is out of its group because a person said so. */
export const isOut = (item) => item?.mark === "out" || item?.mark === "unsure";

/** Remove the pictures of a tile from their group, or put them back. */
export const removeOrPutBack = ({ item, pictures }) => change({ op: isOut(item) ? "put_back" : "remove", pictures });

const copies = (count) => `${count.toLocaleString("en")} copies`;

/** What that is called, and how many pictures it is done to. */
export const removeWords = ({ item, pictures }) =>
  `${isOut(item) ? "Put back" : "Remove"}${pictures.length > 1 ? ` ${copies(pictures.length)}` : ""}`;

/**
 * `open` is told of a picture that a person wants to see large, `unstack` of one whose stack is to open or to close;
 * `order` are the pictures of each tile in view.
 */
export function newTile(picture, { open, order, remove, unstack }) {
  const name = store.names[picture];
  const slash = name.lastIndexOf("/") + 1;
  const image = el("img", { src: `/picture/${picture}/small`, alt: name, decoding: "async", draggable: false });
  image.addEventListener("error", () => image.closest("li").classList.add("unreadable"));
  const onClick = (event) => {
    if (event.shiftKey) extendTo(pictures(), order());
    else if (event.ctrlKey || event.metaKey || selected().length) toggle(pictures());
    else open(picture);
  };
  const onCheck = (event) => (event.shiftKey ? extendTo(pictures(), order()) : toggle(pictures()));
  const button = el("button", { type: "button", className: "picture", dataset: { picture }, onclick: onClick }, image);
  // A finger that stays selects, and then all up to where it stays again; from the first one on a tap selects, too.
  const onStay = () => {
    ignoreNextClick();
    if (selected().length) extendTo(pictures(), order());
    else toggle(pictures());
  };
  button.addEventListener("pointerdown", ({ pointerType }) => {
    clearTimeout(pressed);
    if (pointerType === "touch") pressed = setTimeout(onStay, LONG_PRESS_MILLISECONDS);
  });
  for (const over of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(over, () => clearTimeout(pressed));
  button.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
  const tile = el(
    "li",
    {},
    button,
    el("button", { type: "button", className: "check", tabIndex: -1, "aria-label": `Select ${name}`, onclick: onCheck }),
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
    el("button", { type: "button", className: "copies", tabIndex: -1, onclick: () => unstack(picture) }),
    el("button", { type: "button", className: "out", tabIndex: -1, onclick: () => remove(picture) }),
  );
  const pictures = () => drawn.get(tile).pictures;
  return tile;
}

/** Lifting the finger after a long press may count as a click, and by then the bar may lie under the finger. */
function ignoreNextClick() {
  const ignore = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener("click", ignore, { capture: true, once: true });
  addEventListener("pointerdown", () => removeEventListener("click", ignore, { capture: true }), {
    capture: true,
    once: true,
  });
}

/** Draw what a tile shows, unless that is drawn already. */
export function drawTile(tile, shown) {
  if (drawn.get(tile) === shown) return;
  drawn.set(tile, shown);
  const { item, stack } = shown;
  tile.classList.remove(...Object.keys(WORDS));
  tile.classList.add(item.mark);
  tile.querySelector(".mark").textContent = WORDS[item.mark];
  const out = tile.querySelector(".out");
  out.hidden = current() === UNCLUSTERED && !isOut(item);
  out.textContent = removeWords(shown);
  out.setAttribute("aria-label", `${out.textContent}: ${store.names[item.picture]}`);
  drawStack(tile, item, stack);
  drawSelected(tile);
}

function drawStack(tile, item, stack) {
  const name = store.names[item.picture];
  const open = stack?.number !== undefined;
  tile.classList.toggle("stack", Boolean(stack) && !open);
  tile.classList.toggle("unstacked", open);
  tile.querySelector("img").alt = stack && !open ? `${name}, ${copies(stack.count)}` : name;
  const button = tile.querySelector(".copies");
  button.hidden = !stack;
  if (!stack) return;
  button.textContent = open ? `${stack.number} of ${copies(stack.count)}` : copies(stack.count);
  button.ariaExpanded = String(open);
  button.setAttribute("aria-label", `${button.textContent}: ${name}`);
}

export function drawSelected(tile) {
  const { pictures } = drawn.get(tile);
  const count = pictures.filter(isSelected).length;
  tile.classList.toggle("selected", count > 0);
  const pressed = count === pictures.length || (count > 0 && "mixed");
  tile.querySelector(".check").setAttribute("aria-pressed", String(pressed));
}
