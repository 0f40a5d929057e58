// A rectangle drawn with the mouse over the pictures in view selects those that it touches.

import { byId, el } from "./dom.js";
import { touched } from "./grid.js";
import { replaceSelection, selected } from "./selection.js";
import { inView } from "./tiles.js";

const list = byId("tiles");
/** Shorter ways are clicks by an unsteady hand. */
const LEAST_PIXELS = 8;
/** Near the window's edge the page scrolls along, by so much at a time. */
const EDGE_PIXELS = 60;
const SCROLL_PIXELS = 24;

/** While a rectangle is drawn: where it began on the page, and what was selected before. */
let drag = null;

export function watchDrag() {
  list.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    drag = { x: event.pageX, y: event.pageY, before: event.shiftKey || event.ctrlKey ? selected() : [], band: null };
  });
  addEventListener("pointermove", onMove);
  addEventListener("pointerup", finish);
  addEventListener("pointercancel", finish);
}

function onMove(event) {
  if (!drag) return;
  if (!drag.band) {
    if (Math.hypot(event.pageX - drag.x, event.pageY - drag.y) < LEAST_PIXELS) return;
    begin();
  }
  event.preventDefault();
  drag.clientX = event.clientX;
  drag.clientY = event.clientY;
  draw();
}

function begin() {
  drag.band = document.body.appendChild(el("div", { className: "band" }));
  drag.scrolling = setInterval(scrollAlong, 30);
  document.body.classList.add("dragging");
}

function scrollAlong() {
  const { clientY } = drag;
  if (clientY > innerHeight - EDGE_PIXELS) scrollBy(0, SCROLL_PIXELS);
  else if (clientY < EDGE_PIXELS) scrollBy(0, -SCROLL_PIXELS);
  else return;
  draw();
}

function draw() {
  const [x, y] = [drag.clientX + scrollX, drag.clientY + scrollY];
  const [left, right] = [Math.min(x, drag.x), Math.max(x, drag.x)];
  const [top, bottom] = [Math.min(y, drag.y), Math.max(y, drag.y)];
  Object.assign(drag.band.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${right - left}px`,
    height: `${bottom - top}px`,
  });
  const tiles = inView();
  replaceSelection([...drag.before, ...touched({ left, top, right, bottom }).flatMap((place) => tiles[place].pictures)]);
}

function finish() {
  if (drag?.band) {
    clearInterval(drag.scrolling);
    drag.band.remove();
    document.body.classList.remove("dragging");
    // The click that ends it is none.
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
  }
  drag = null;
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}
