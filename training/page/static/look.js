// One picture, as large as the window.

import { byId, el, isolated } from "./dom.js";
import { groupOf, store, titleOf } from "./store.js";
import { singleKeys } from "./keys.js";
import { focusTile, pictures, takeOut } from "./tiles.js";

const dialog = byId("look-dialog");
const image = el("img", { alt: "" });
const name = isolated("", { className: "file" });
const facts = el("p", { className: "soft" });
const out = el("button", { type: "button" });
const back = el("button", { type: "button", className: "quiet" }, "Previous");
const on = el("button", { type: "button", className: "quiet" }, "Next");
const close = el("button", { type: "button", className: "quiet" }, "Close");
let shown = null;

export function watchLook() {
  dialog.append(
    el("div", { className: "stage" }, image),
    el(
      "div",
      { className: "about" },
      el("div", {}, name, facts),
      el("div", { className: "row" }, out, back, on, close),
    ),
  );
  out.addEventListener("click", toggle);
  back.addEventListener("click", () => stepTo(-1));
  on.addEventListener("click", () => stepTo(1));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    focusTile(place());
    shown = null;
  });
  dialog.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      stepTo(steps[event.key]);
    } else if (event.key === "t" && singleKeys() && !out.hidden) toggle();
  });
}

export function openLook(picture) {
  shown = picture;
  drawLook();
  dialog.showModal();
  close.focus();
}

export function drawLook() {
  if (shown === null) return;
  const group = groupOf(shown);
  const item = (group?.pictures ?? store.state.unclustered).find((candidate) => candidate.picture === shown);
  sharpen(shown);
  image.alt = store.names[shown];
  name.textContent = store.names[shown];
  const kinds = {
    core: "a core sample: the group is recognized by it",
    border: "no core sample: it lies near one",
    out: "taken out of the core samples",
    new: "not there when the model was trained",
  };
  const away = item.distance ? ` · ${item.distance.toFixed(3)} from the nearest core sample` : "";
  facts.textContent = `${group ? titleOf(group) : "Unclustered"} · ${kinds[item.mark]}${away}`;
  out.hidden = item.mark === "border" || item.mark === "new" || (!group && item.mark !== "out");
  out.textContent = item.mark === "out" ? "Put back" : "Take out";
}

/** The tile's picture at once, the large one when it is here. */
function sharpen(picture) {
  const large = `/picture/${picture}/large`;
  if (image.getAttribute("src") === large) return;
  image.src = `/picture/${picture}/small`;
  const coming = new Image();
  coming.addEventListener("load", () => {
    if (picture === shown) image.src = large;
  });
  coming.src = large;
}

const toggle = () => takeOut(shown);

const place = () => pictures().findIndex((item) => item.picture === shown);

function stepTo(count) {
  const all = pictures();
  const at = place();
  // A picture that was just taken out is not among them any more: go on from the first.
  const next = at < 0 ? 0 : (at + count + all.length) % all.length;
  if (!all.length) return;
  shown = all[next].picture;
  drawLook();
}
