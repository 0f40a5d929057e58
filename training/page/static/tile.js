// One picture in the list: what it shows, and what a click, a tap or a finger that stays does to it.

import { el, isolated } from "./dom.js";
import { change, store } from "./store.js";
import { current, UNCLUSTERED } from "./view.js";
import { extendTo, isSelected, selected, toggle } from "./selection.js";

const LONG_PRESS_MILLISECONDS = 450;
const WORDS = { core: "", border: "", new: "new", out: "removed", unsure: "not sure" };

let pressed = 0;
/** What each tile shows. */
const drawn = new WeakMap();

/** Whether a picture is out of its group because a person said so. */
export const isOut = (item) => item?.mark === "out" || item?.mark === "unsure";

/** Remove a picture in view from its group, or put it back. */
export const removeOrPutBack = (item) => change({ op: isOut(item) ? "put_back" : "remove", pictures: [item.picture] });

/** `open` is told of a picture that a person wants to see large; `order` are the pictures in view. */
export function newTile(picture, { open, order, remove }) {
  const name = store.names[picture];
  const slash = name.lastIndexOf("/") + 1;
  const image = el("img", { src: `/picture/${picture}/small`, alt: name, decoding: "async", draggable: false });
  image.addEventListener("error", () => image.closest("li").classList.add("unreadable"));
  const onClick = (event) => {
    if (event.shiftKey) extendTo(picture, order());
    else if (event.ctrlKey || event.metaKey || selected().length) toggle(picture);
    else open(picture);
  };
  const onCheck = (event) => (event.shiftKey ? extendTo(picture, order()) : toggle(picture));
  const button = el("button", { type: "button", className: "picture", dataset: { picture }, onclick: onClick }, image);
  // A finger that stays selects, and then all up to where it stays again; from the first one on a tap selects, too.
  const onStay = () => {
    ignoreNextClick();
    if (selected().length) extendTo(picture, order());
    else toggle(picture);
  };
  button.addEventListener("pointerdown", ({ pointerType }) => {
    clearTimeout(pressed);
    if (pointerType === "touch") pressed = setTimeout(onStay, LONG_PRESS_MILLISECONDS);
  });
  for (const over of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(over, () => clearTimeout(pressed));
  button.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
  return el(
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
    el("button", { type: "button", className: "out", tabIndex: -1, onclick: () => remove(picture) }),
  );
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

/** Draw what is known of a picture, unless that is drawn already. */
export function drawTile(tile, item) {
  if (drawn.get(tile) === item) return;
  drawn.set(tile, item);
  tile.classList.remove(...Object.keys(WORDS));
  tile.classList.add(item.mark);
  tile.querySelector(".mark").textContent = WORDS[item.mark];
  const out = tile.querySelector(".out");
  out.hidden = current() === UNCLUSTERED && !isOut(item);
  out.textContent = isOut(item) ? "Put back" : "Remove";
  out.setAttribute("aria-label", `${out.textContent}: ${store.names[item.picture]}`);
  drawSelected(tile, item.picture);
}

export function drawSelected(tile, picture) {
  tile.classList.toggle("selected", isSelected(picture));
  tile.querySelector(".check").setAttribute("aria-pressed", String(isSelected(picture)));
}
