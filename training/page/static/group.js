// The group in view: what it is, and what can be done with it as a whole.

import { byId, el, isolated, plural } from "./dom.js";
import { change, store, titleOf } from "./store.js";
import { current, currentGroup } from "./view.js";
import { missingPictures } from "./missing.js";
import { merge } from "./merge.js";
import { drawProposed } from "./proposed.js";
import { openSplit } from "./split.js";
import { countDifferent } from "./stacks.js";

export function watchGroup() {
  byId("mark").addEventListener("click", toggleMark);
  byId("split").addEventListener("click", split);
  byId("merge").addEventListener("click", merge);
  byId("settle").addEventListener("click", () => {
    const group = currentGroup();
    change({ op: "name", group: group.id, add: group.names });
  });
}

export function drawGroup() {
  const group = currentGroup();
  const { unclustered } = store.state;
  for (const id of ["naming", "name-hint", "mark", "split", "merge"]) byId(id).hidden = !group;
  byId("conflict").hidden = !group?.conflict;
  drawProposed(group);
  if (!group) {
    byId("title").textContent = "Unclustered";
    byId("facts").textContent = `${plural(unclustered.length, "picture")} in no group${different(unclustered)}, nearest misses first`;
    return;
  }
  const out = group.out.length + missingPictures().length;
  const names = group.names.length ? [": ", isolated(titleOf(group))] : ", unnamed";
  byId("title").replaceChildren(`Group ${group.id}`, el("span", { className: "hidden-visually" }, names));
  byId("facts").textContent = [
    group.category ? `Category ${group.category}` : "",
    plural(group.pictures.length, "picture") + different(group.pictures),
    out ? `${out} removed` : "",
  ]
    .filter(Boolean)
    .join(" · ");
  byId("mark").textContent = group.notGroup ? "It is a group" : "Not a group";
  byId("mark").ariaPressed = String(group.notGroup);
  byId("split").disabled = byId("merge").disabled = group.notGroup;
  byId("main").classList.toggle("struck", group.notGroup);
}

/** Where copies make it less than all. */
function different(items) {
  const count = countDifferent(items);
  return count < items.length ? `, ${count.toLocaleString("en")} different` : "";
}

export function toggleMark() {
  const group = currentGroup();
  if (group) change({ op: "mark", group: group.id, not_group: !group.notGroup });
}

export function split() {
  const group = currentGroup();
  if (group && !group.notGroup) openSplit(current());
}
