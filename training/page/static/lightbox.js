// One picture in view, as large as the window, to be removed or put back.

import { el } from "./dom.js";
import { groupOf, store, titleOf } from "./store.js";
import { currentGroup } from "./view.js";
import { singleKeys } from "./preferences.js";
import { isOut, removeWords } from "./tile.js";
import { focusTile, inView, placeOf, remove } from "./tiles.js";

// makeLightbox is of training/lightbox.js, which the report and the search page share.
const out = el("button", { type: "button", onclick: toggle });
const { dialog, image, name, facts, open } = makeLightbox({ step: stepTo, closed, actions: [out] });
let shown = null;
/** Where the picture was before it was removed or put back, which moves it: from there one goes on. */
let left = null;

export function watchLightbox() {
  dialog.addEventListener("keydown", ({ key }) => key === "r" && singleKeys() && !out.hidden && toggle());
}

function closed() {
  focusTile(placeOf(shown) ?? 0);
  shown = null;
}

export function openLightbox(picture) {
  shown = picture;
  left = null;
  drawLightbox();
  open();
}

export function drawLightbox() {
  if (shown === null) return;
  const group = groupOf(shown);
  const tile = inView()[placeOf(shown)];
  const item = tile?.item;
  sharpen(shown);
  image.alt = store.names[shown];
  name.textContent = store.names[shown];
  const kinds = {
    core: "",
    border: "",
    out: currentGroup() ? `removed from ${titleOf(currentGroup())}` : "removed from its group",
    new: "not there when the model was trained",
    unsure: "set aside as not sure",
  };
  const { number, count } = tile?.stack ?? {};
  facts.textContent = [
    group ? titleOf(group) : "Unclustered",
    kinds[item?.mark],
    count && (number ? `${number} of ${count} copies` : `${count} copies`),
  ]
    .filter(Boolean)
    .join(" · ");
  // What left the view with its last change is shown on, but can be changed no more from here.
  out.hidden = !item || (!group && !isOut(item));
  if (tile) out.textContent = removeWords(tile);
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

function toggle() {
  left = placeOf(shown);
  remove(shown);
}

function stepTo(count) {
  const all = inView();
  if (!all.length) return;
  let next = left === null ? (placeOf(shown) ?? -1) + count : left - (count < 0);
  if (next === placeOf(shown)) next += count;
  left = null;
  shown = all[(next + all.length) % all.length].item.picture;
  drawLightbox();
}
