// Two groups that are one: which, and which of their names hold.

import { byId, el, isolated, plural } from "./dom.js";
import { change, groupById, settled, titleOf } from "./store.js";
import { currentGroup } from "./view.js";
import { chooseGroup } from "./choose.js";

const dialog = byId("merge-dialog");

export async function merge() {
  const group = currentGroup();
  if (!group || group.notGroup) return;
  const answer = await chooseGroup({ heading: `Merge ${titleOf(group)} with…`, except: [group.id], allowNew: false });
  if (answer) await mergeWith(group.id, answer.group);
}

/** Merge two groups; a person is asked which names hold, unless the larger one alone has any or none has. */
export async function mergeWith(id, otherId) {
  // A name that is still being saved belongs to its group, too.
  await settled();
  const [one, other] = [groupById(id), groupById(otherId)];
  if (!one || !other) return false;
  const [large, small] = one.pictures.length >= other.pictures.length ? [one, other] : [other, one];
  const names = [...new Set([...large.names, ...small.names])];
  const kept = small.names.every((name) => large.names.includes(name)) ? large.names : await askNames(large, small, names);
  if (kept) return change({ op: "merge", groups: [large.id, small.id], names: kept });
  return false;
}

function askNames(large, small, names) {
  return new Promise((resolve) => {
    let answer = null;
    const boxes = names.map((name) => {
      const box = el("input", { type: "checkbox", value: name, checked: large.names.length > 0 });
      return [box, el("label", { className: "option" }, box, isolated(name))];
    });
    const keep = el("button", { type: "button", className: "primary" }, "Merge");
    keep.addEventListener("click", () => {
      answer = boxes.filter(([box]) => box.checked).map(([box]) => box.value);
      dialog.close();
    });
    dialog.replaceChildren(
      el("h2", { id: "merge-title" }, "Which names hold for all?"),
      el(
        "p",
        { className: "soft" },
        isolated(titleOf(large)),
        ` (${plural(large.pictures.length, "picture")}) and `,
        isolated(titleOf(small)),
        ` (${plural(small.pictures.length, "picture")}) become one group.`,
      ),
      el("div", { className: "options" }, ...boxes.map(([, label]) => label)),
      el(
        "div",
        { className: "row" },
        keep,
        el("button", { type: "button", className: "quiet", onclick: () => dialog.close() }, "Cancel"),
      ),
    );
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
    keep.focus();
  });
}
