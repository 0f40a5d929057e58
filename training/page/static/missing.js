// Pictures that were removed and are not there any more: with nothing to show, they are named, and can be put back.

import { byId, el, isolated } from "./dom.js";
import { change, groupById, store, titleOf } from "./store.js";
import { currentGroup } from "./view.js";

const WHY = "not among the pictures any more";

const list = byId("missing");

/** Those removed from the group in view; all of them among the unclustered pictures. */
export function missingPictures() {
  const group = currentGroup();
  return store.state.excludedMissing.filter((item) => !group || item.groups.includes(group.id));
}

export function drawMissing() {
  const shown = missingPictures();
  const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement);
  list.replaceChildren(...shown.map(newItem));
  list.hidden = !shown.length;
  if (focused < 0) return;
  const buttons = list.querySelectorAll("button");
  (buttons[Math.min(focused, buttons.length - 1)] ?? byId("title")).focus();
}

function newItem({ embedding, name, groups }) {
  const titles = groups.map(groupById).filter(Boolean).map(titleOf).join(", ");
  return el(
    "li",
    {},
    isolated(name, { className: "file", title: name }),
    el("p", { className: "soft" }, "removed", titles && [" from ", isolated(titles)], `; ${WHY}`),
    el(
      "button",
      {
        type: "button",
        "aria-label": `Put back: ${name}`,
        onclick: () => change({ op: "put_back_missing", embedding }),
      },
      "Put back",
    ),
  );
}
