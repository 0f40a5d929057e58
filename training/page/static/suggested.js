// Names that what is written about a group's pictures suggests. One is taken by a click, as if it were typed.

import { byId, el, isolated, toast } from "./dom.js";
import { change, read, store } from "./store.js";
import { currentGroup } from "./view.js";

/** By group. */
let words = {};
/** The state that they were asked for. */
let asked = "";

export function drawSuggested() {
  if (asked !== store.state.digest) ask();
  const group = currentGroup();
  const taken = new Set(store.state.groups.flatMap((other) => other.names).map((name) => name.toLowerCase()));
  const open = group && !group.notGroup ? (words[group.id] ?? []).filter((word) => !taken.has(word.toLowerCase())) : [];
  const box = byId("suggested");
  box.hidden = !open.length;
  box.replaceChildren(
    el("span", { className: "soft", "aria-hidden": "true" }, "Suggested"),
    ...open.map((word) => {
      const label = `Name this group ${word}`;
      return el("button", { type: "button", "aria-label": label, onclick: () => take(group.id, word) }, isolated(word));
    }),
  );
}

async function ask() {
  const digest = (asked = store.state.digest);
  try {
    const found = await read(await fetch("/api/suggestions"));
    if (asked !== digest) return;
    words = found.words;
    drawSuggested();
  } catch (error) {
    toast(error.message, "problem");
  }
}

async function take(group, word) {
  if (await change({ op: "name", group, add: [word] })) byId("name").focus();
}
