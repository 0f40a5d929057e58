// Puts the page together.

import { byId, toast } from "./dom.js";
import { isUnnamed, load, redo, store, subscribe, undo } from "./store.js";
import { current, onShow, settle, step, stepToUnnamed } from "./view.js";
import { drawGroup, watchGroup } from "./group.js";
import { drawList, revealInList, watchList } from "./list.js";
import { drawLightbox, openLightbox, watchLightbox } from "./lightbox.js";
import { drawMissing } from "./missing.js";
import { drawNames, watchNames } from "./names.js";
import { drawSuggested } from "./suggested.js";
import { drawTiles, watchTiles } from "./tiles.js";
import { openTry, watchTry } from "./try.js";
import { drawActing, settleSelection, watchActing } from "./acting.js";
import { watchQuestions } from "./questions.js";
import { watchDrag } from "./drag.js";
import { drawOrder, watchOrder } from "./order.js";
import { openHelp, watchKeys } from "./keys.js";

/** Every part, after a change or when another group comes into view. */
function draw() {
  drawBar();
  drawList();
  drawGroup();
  drawNames();
  drawSuggested();
  drawOrder();
  drawTiles();
  drawMissing();
  settleSelection();
  drawActing();
  drawLightbox();
}

function drawBar() {
  const { state } = store;
  const groups = state.groups.filter((group) => !group.notGroup);
  const unnamed = groups.filter(isUnnamed).length;
  const covered = groups
    .filter((group) => group.names.length)
    .reduce((sum, group) => sum + group.pictures.length, 0);
  document.title = `${unnamed ? `(${unnamed}) ` : ""}${state.model}: name the groups`;
  byId("model").textContent = state.model;
  byId("progress").max = state.pictures || 1;
  byId("progress").value = covered;
  const share = `${covered.toLocaleString("en")} of ${state.pictures.toLocaleString("en")} pictures named`;
  byId("progress-text").textContent = unnamed ? `${share}, ${groups.length - unnamed} of ${groups.length} groups` : share;
  byId("next-unnamed").hidden = !unnamed;
  for (const [id, verb] of [
    ["undo", "Undo"],
    ["redo", "Redo"],
  ]) {
    byId(id).ariaDisabled = String(!state[id]);
    byId(id).title = state[id] ? `${verb}: ${state[id]}` : `Nothing to ${id}`;
  }
}

function openGroups(open) {
  byId("open-groups").ariaExpanded = String(open);
  document.body.classList.toggle("groups-open", open);
  if (open) revealInList();
}

byId("undo").addEventListener("click", () => store.state.undo && undo());
byId("redo").addEventListener("click", () => store.state.redo && redo());
byId("try").addEventListener("click", openTry);
byId("help").addEventListener("click", openHelp);
byId("next").addEventListener("click", () => step(1));
byId("previous").addEventListener("click", () => step(-1));
byId("next-unnamed").addEventListener("click", () => stepToUnnamed() && byId("name").focus());
byId("open-groups").addEventListener("click", () => openGroups(!document.body.classList.contains("groups-open")));
for (const watch of [watchActing, watchQuestions, watchGroup, watchList, watchLightbox, watchNames, watchTry, watchKeys]) watch();
watchTiles(openLightbox);
watchOrder(draw);
watchDrag();

let last = null;
onShow(() => {
  draw();
  openGroups(false);
  revealInList();
  if (last !== current()) window.scrollTo(0, 0);
  last = current();
});
subscribe(() => {
  settle();
  draw();
});
try {
  await load();
  document.body.classList.add("ready");
} catch (error) {
  toast(error.message, "problem");
}
