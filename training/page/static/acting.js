// What can be done with the selected pictures: the bar at the bottom, and the same by keys.

import { byId, el, isolated, plural, toast } from "./dom.js";
import { change, groupById, read, store, titleOf } from "./store.js";
import { current } from "./view.js";
import { chooseGroup } from "./choose.js";
import { clear, keep, onSelect, select, selected } from "./selection.js";
import { isOut } from "./tile.js";
import { focusedPictures, pictures, refocus } from "./tiles.js";

let asking = 0;
/** Until a selection is made, and as many pictures of it as an address holds. */
const PAUSE_MILLISECONDS = 200;
const MOST_ASKED = 200;
const MOST_SHOWN = 9;

export function watchActing() {
  byId("act-move").addEventListener("click", move);
  byId("act-remove").addEventListener("click", removeOrPutBack);
  byId("act-unsure").addEventListener("click", setAside);
  byId("act-alike").addEventListener("click", selectAlike);
  byId("act-clear").addEventListener("click", () => {
    clear();
    refocus();
  });
  onSelect(drawActing);
}

export function drawActing() {
  const count = selected().length;
  byId("acting").hidden = !count;
  document.body.classList.toggle("selecting", count > 0);
  byId("act-count").textContent = `${plural(count, "picture")} selected`;
  byId("act-remove").textContent = allBack(selected()) ? "Put back" : "Remove";
  clearTimeout(asking);
  byId("act-targets").replaceChildren();
  const chosen = selected();
  if (!count) return;
  asking = setTimeout(async () => {
    const groups = await askLikely(chosen);
    if (String(chosen) === String(selected())) drawLikely(groups);
  }, PAUSE_MILLISECONDS);
}

/** The groups that pictures are likeliest to belong to: a digit each. */
async function askLikely(pictures) {
  if (!pictures.length) return [];
  try {
    const { groups } = await read(await fetch(`/api/targets?pictures=${pictures.slice(0, MOST_ASKED).join(",")}`));
    return groups.map(groupById).filter(Boolean);
  } catch {
    return []; // Moving by name is still there.
  }
}

function drawLikely(groups) {
  byId("act-targets").replaceChildren(
    ...groups.slice(0, MOST_SHOWN).map((group, index) =>
      el(
        "button",
        { type: "button", className: "quiet", onclick: () => moveTo(group.id) },
        el("kbd", { "aria-hidden": "true" }, String(index + 1)),
        isolated(titleOf(group)),
      ),
    ),
  );
}

/** Move the selected pictures, or the one that has the focus, to the group that a digit stands for. */
export async function moveToLikely(digit) {
  const group = (await askLikely(targets()))[digit - 1];
  if (group) await moveTo(group.id);
  else toast(targets().length ? `No group is likely enough to be number ${digit}` : "Select pictures first");
}

const moveTo = (group) => act({ op: "move", pictures: targets(), group });

/** After a change: forget what has left the view. */
export const settleSelection = () => keep(pictures().map((item) => item.picture));

/** The selected pictures or, where there are none, those of the tile that has the focus. */
const targets = () => (selected().length ? selected() : focusedPictures());

export async function move() {
  const chosen = targets();
  if (!chosen.length) return toast("Select pictures first: Space, or the circle on a picture");
  const answer = await chooseGroup({ heading: `Move ${plural(chosen.length, "picture")}`, except: [current()] });
  if (!answer) return refocus();
  const edit = answer.name === undefined ? { group: answer.group } : { name: answer.name };
  await act({ op: "move", pictures: chosen, ...edit });
}

/** Remove pictures from their groups; put back those that are not in one because of that. */
export async function removeOrPutBack() {
  const chosen = targets();
  if (!chosen.length) return;
  if (allBack(chosen)) return act({ op: "put_back", pictures: chosen });
  const items = new Map(pictures().map((item) => [item.picture, item]));
  const inGroup = chosen.filter((picture) => !isOut(items.get(picture)));
  await act({ op: "remove", pictures: inGroup });
}

export async function setAside() {
  const chosen = targets();
  if (chosen.length) await act({ op: "unsure", pictures: chosen });
}

/** Select all in view that look like the selected ones. */
export async function selectAlike() {
  const chosen = targets();
  if (!chosen.length) return;
  try {
    const answer = await fetch(`/api/alike?group=${current()}&pictures=${chosen.slice(0, 50).join(",")}`);
    const { pictures: alike } = await read(answer);
    const fresh = alike.filter((picture) => !chosen.includes(picture));
    select([...chosen, ...fresh]);
    toast(fresh.length ? `${plural(fresh.length, "more picture")} like that selected` : "No other picture here is like that");
  } catch (error) {
    toast(error.message, "problem");
  }
}

async function act(edit) {
  if (await change(edit)) clear();
  refocus();
}

function allBack(chosen) {
  if (!store.state || !chosen.length) return false;
  const items = new Map(pictures().map((item) => [item.picture, item]));
  return chosen.every((picture) => isOut(items.get(picture)));
}
