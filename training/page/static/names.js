// A group's names as chips, and the field in which one is typed.

import { plain } from "./choose.js";
import { byId, el, isolated, toast } from "./dom.js";
import { change, changeOnLeaving, store } from "./store.js";
import { current, currentGroup, stepToUnnamed } from "./view.js";

const field = byId("name");
/** The group that the text in the field is meant for: it may be left before its name is saved. */
let typedFor = null;
/** What was typed where another spelling was offered: typed once more, it is meant. */
let declined = null;

export function watchNames() {
  field.addEventListener("keydown", onKey);
  field.addEventListener("input", () => {
    typedFor = current();
    if (field.value.includes(",")) commit();
  });
  field.addEventListener("blur", () => commit({ leaving: true }));
  window.addEventListener("pagehide", leave);
}

export function drawNames() {
  const group = currentGroup();
  if (!group) return;
  byId("chips").replaceChildren(...group.names.map((name) => chip(group.id, name)));
  field.placeholder = group.names.length ? "Another name" : "Name this group";
  byId("name-hint").textContent = group.notGroup
    ? "Marked as not a group: its pictures answer as unclustered, whatever its name."
    : "Enter keeps a name; Shift Enter, or Enter on an empty line, goes on to the next unnamed group. Commas separate names.";
  const known = [...new Set(store.state.groups.flatMap((other) => other.names))].sort();
  byId("known-names").replaceChildren(
    ...known.filter((name) => !group.names.includes(name)).map((name) => el("option", { value: name })),
  );
}

/**
 * Send what is in the field to the group that it was typed for. Names that are known in another spelling are offered in
 * that one first, unless the field is being left: then they are taken in it.
 */
export async function commit({ leaving = false } = {}) {
  const text = field.value;
  const known = typed().map(knownSpelling);
  const add = text === declined ? typed() : known;
  const group = typedFor;
  if (!add.length || group === null) return true;
  if (!leaving && String(add) !== String(typed())) {
    declined = text;
    field.value = known.join(", ");
    toast(`“${field.value}” is a name already: Enter takes it; type yours again to keep it`);
    return false;
  }
  declined = null;
  field.value = "";
  const kept = await change({ op: "name", group, add });
  if (!kept && !field.value && current() === group) field.value = text;
  return kept;
}

/** A name as other groups have it, if it differs in case or accents only. */
function knownSpelling(name) {
  const known = store.state.groups.flatMap((group) => group.names);
  return known.includes(name) ? name : (known.find((other) => plain(other) === plain(name)) ?? name);
}

const typed = () =>
  field.value
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

function leave() {
  if (typed().length && typedFor !== null) changeOnLeaving({ op: "name", group: typedFor, add: typed() });
  field.value = "";
}

async function onKey(event) {
  if (event.isComposing) return;
  if (event.key === "Enter") {
    event.preventDefault();
    if (typed().length) {
      if (!(await commit()) || !event.shiftKey) return;
    }
    if (stepToUnnamed()) field.focus();
    else byId("title").focus();
  } else if (event.key === "Escape") {
    event.preventDefault();
    byId("title").focus();
  } else if (event.key === "Backspace" && !field.value) {
    event.preventDefault();
    byId("chips").lastElementChild?.querySelector("button").focus();
  }
}

function chip(group, name) {
  const remove = async () => {
    await change({ op: "name", group, remove: [name] });
    field.focus();
  };
  const button = el("button", { type: "button", "aria-label": `Remove ${name}`, onclick: remove }, "×");
  button.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" || event.key === "Delete") {
      event.preventDefault();
      remove();
    }
    const chips = [...byId("chips").querySelectorAll("button")];
    const next = chips.indexOf(button) + ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0);
    if (event.key === "ArrowRight" && next === chips.length) field.focus();
    else chips[next]?.focus();
  });
  return el("li", { className: "chip" }, isolated(name), button);
}
