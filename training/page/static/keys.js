// Keyboard shortcuts, and the list of them.

import { byId, el } from "./dom.js";
import { redo, store, undo } from "./store.js";
import { show, step, stepToUnnamed, UNCLUSTERED } from "./view.js";
import { split, toggleMark } from "./group.js";
import { move, moveToLikely, removeOrPutBack, selectAlike, setAside } from "./acting.js";
import { toggleOrder } from "./order.js";
import { merge } from "./merge.js";
import { openQuestions } from "./questions.js";
import { enlarge, focusTile, unstackFocused } from "./tiles.js";
import { openTry } from "./try.js";
import { setSingleKeys, singleKeys } from "./preferences.js";

const dialog = byId("help-dialog");

/** Single-key shortcuts. They can be switched off, because speech input types them by accident. */
const SHORTCUTS = [
  ["j", "Next group", () => go(() => step(1))],
  ["k", "Previous group", () => go(() => step(-1))],
  ["n", "The largest group without a name", () => go(stepToUnnamed)],
  ["u", "Unclustered pictures", () => go(() => show(UNCLUSTERED))],
  ["e", "Name the group", () => byId("name").focus()],
  ["p", "Go to the pictures; arrow keys move, Enter enlarges", () => focusTile(0)],
  ["Space", "On a picture: select it (with Shift: all up to it)", null],
  ["a", "Select all that look like the selected pictures", selectAlike],
  ["c", "On a stack of copies: show each, or close it again", unstackFocused],
  ["m", "Move the selected pictures, or this one, to a group", move],
  ["1", "To 9: move the selected pictures to one of the likely groups, which are shown below", null],
  ["r", "Remove the selected pictures, or this one; or put them back", removeOrPutBack],
  ["o", "Not sure about the selected pictures, or this one", setAside],
  ["w", "What does not seem to belong here first, or the most typical pictures", toggleOrder],
  ["x", "Not a group, or a group after all", toggleMark],
  ["s", "Split the group", split],
  ["g", "Merge the group with another", merge],
  ["q", "Answer questions: which groups are the same, which pictures belong", openQuestions],
  ["/", "Filter the groups", () => byId("filter").focus()],
  ["d", "Try a picture", openTry],
  ["+", "Larger pictures", () => enlarge(1)],
  ["-", "Smaller pictures", () => enlarge(-1)],
  ["?", "This list", () => openHelp()],
];
const ALWAYS = [
  ["Enter", "In the name field: keep the name; when empty, go to the next unnamed group"],
  ["Shift Enter", "In the name field: keep the name and go to the next unnamed group"],
  [",", "In the name field: keep the name and type another"],
  ["Backspace", "In the empty name field: go to the last name; again removes it"],
  ["Esc", "Leave the name field, or close what is open"],
  ["Ctrl Z", "Undo (Ctrl Shift Z or Ctrl Y: redo)"],
];

export function watchKeys() {
  dialog.append(
    el("h2", { id: "help-title", tabIndex: -1, autofocus: true }, "Keyboard"),
    keyList([...SHORTCUTS, ...ALWAYS]),
    el(
      "label",
      { className: "switch" },
      el("input", {
        type: "checkbox",
        checked: singleKeys(),
        onchange: (event) => setSingleKeys(event.target.checked),
      }),
      " Single-key shortcuts",
    ),
    el(
      "div",
      { className: "row" },
      el("button", { type: "button", className: "primary", onclick: () => dialog.close() }, "Close"),
    ),
  );
  document.addEventListener("keydown", onKey);
}

export function openHelp() {
  dialog.showModal();
}

const keyList = (rows) =>
  el(
    "dl",
    { className: "keys" },
    ...rows.map(([key, what]) =>
      el("div", {}, el("dt", {}, ...key.split(" ").map((part) => el("kbd", {}, part))), el("dd", {}, what)),
    ),
  );

function go(move) {
  move();
  byId("title").focus({ preventScroll: true });
}

function onKey(event) {
  if (!store.state || document.querySelector("dialog[open]")) return;
  const typing = event.target.matches?.("input:not([type=range]), select, textarea");
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    const key = event.key.toLowerCase();
    const again = key === "y" || (key === "z" && event.shiftKey);
    // In a field that holds text, the browser's own undo is what is meant.
    if ((key !== "z" && key !== "y") || (typing && event.target.value)) return;
    event.preventDefault();
    if (again && store.state.redo) redo();
    if (!again && store.state.undo) undo();
    return;
  }
  if (typing || event.altKey || !singleKeys()) return;
  if (/^[1-9]$/.test(event.key)) {
    event.preventDefault();
    moveToLikely(Number(event.key));
    return;
  }
  const shortcut = SHORTCUTS.find(([key]) => key === event.key || (key === "+" && event.key === "="));
  if (!shortcut?.[2]) return;
  event.preventDefault();
  shortcut[2]();
}
