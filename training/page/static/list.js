// The list of groups at the side: a picture, the names, how many, and what is still unnamed.

import { byId, el, isolated } from "./dom.js";
import { isUnnamed, store, titleOf } from "./store.js";
import { current, inOrder, order, setOrder, show, UNCLUSTERED } from "./view.js";
import { plain } from "./choose.js";
import { newCover, showCover } from "./cover.js";

const items = new Map();
const headings = new Map();
let onlyUnnamed = false;

export function watchList() {
  byId("show-all").addEventListener("click", () => filter(false));
  byId("show-unnamed").addEventListener("click", () => filter(true));
  byId("filter").addEventListener("input", drawList);
  byId("filter").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const found = matching(byId("filter").value);
    if (found.length) show(found[0].id);
  });
  byId("order").value = order();
  byId("order").addEventListener("change", () => {
    setOrder(byId("order").value);
    drawList();
  });
}

export function drawList() {
  const { groups, unclustered } = store.state;
  const unnamed = groups.filter(isUnnamed);
  byId("show-all").textContent = `All ${groups.length}`;
  byId("show-unnamed").textContent = `Unnamed ${unnamed.length}`;
  const rows = [];
  let category = null;
  for (const group of matching(byId("filter").value)) {
    if (onlyUnnamed && !isUnnamed(group) && group.id !== current()) continue;
    if (group.category !== category) rows.push(drawHeading(group.category));
    category = group.category;
    rows.push(
      drawItem({
        id: group.id,
        title: titleOf(group),
        unnamed: !group.names.length,
        struck: group.notGroup,
        note: group.notGroup ? "not a group" : group.proposed ? "proposed" : group.conflict ? "check its names" : sharing(group),
        pictures: group.pictures,
      }),
    );
  }
  rows.push(
    drawItem({ id: UNCLUSTERED, title: "Unclustered", unnamed: true, struck: false, note: "", pictures: unclustered }),
  );
  const list = byId("group-list");
  const same = list.children.length === rows.length && rows.every((item, index) => list.children[index] === item);
  if (!same) list.replaceChildren(...rows);
}

/** Groups whose names, or whose pictures' file names, have the text, in the order of the list. */
function matching(text) {
  const wanted = plain(text);
  const groups = inOrder(store.state.groups);
  if (!wanted) return groups;
  return groups.filter(
    (group) =>
      plain(titleOf(group)).includes(wanted) ||
      group.pictures.some(({ picture }) => plainName(picture).includes(wanted)),
  );
}

const plainNames = new Map();

function plainName(picture) {
  if (!plainNames.has(picture)) plainNames.set(picture, plain(store.names[picture]));
  return plainNames.get(picture);
}

function drawHeading(category) {
  if (!headings.has(category)) headings.set(category, el("li", { className: "category" }, isolated(category ?? "")));
  return headings.get(category);
}

/** Bring the current group's line into view. */
export function revealInList() {
  items.get(current())?.scrollIntoView({ block: "nearest" });
}

function filter(unnamed) {
  onlyUnnamed = unnamed;
  byId("show-all").ariaPressed = String(!unnamed);
  byId("show-unnamed").ariaPressed = String(unnamed);
  drawList();
}

function sharing(group) {
  const same = store.state.groups.filter(
    (other) => !other.notGroup && group.names.length && titleOf(other) === titleOf(group),
  );
  return same.length > 1 ? `${same.length} groups share this name` : "";
}

function drawItem({ id, title, unnamed, struck, note, pictures }) {
  if (!items.has(id)) items.set(id, newItem(id));
  const item = items.get(id);
  const button = item.firstElementChild;
  button.ariaCurrent = id === current() ? "true" : null;
  button.classList.toggle("unnamed", unnamed);
  button.classList.toggle("struck", struck);
  button.querySelector(".title").textContent = title;
  button.querySelector(".note").textContent = note;
  button.querySelector(".count").textContent = pictures.length.toLocaleString("en");
  showCover(button.querySelector("img"), pictures);
  return item;
}

const newItem = (id) =>
  el(
    "li",
    {},
    el(
      "button",
      { type: "button", className: "group-item", dataset: { group: id }, onclick: () => show(id) },
      newCover(),
      el("span", { className: "words" }, isolated("", { className: "title" }), el("span", { className: "note" })),
      el("span", { className: "count" }),
    ),
  );
