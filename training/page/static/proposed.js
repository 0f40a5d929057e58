// A group that was found among unclustered pictures: what speaks for it, and what becomes of it.

import { byId, el, isolated, plural } from "./dom.js";
import { change, groupById, store, titleOf } from "./store.js";
import { mergeWith } from "./merge.js";

const box = byId("proposed");

/** The group in view may be none. */
export function drawProposed(group) {
  box.hidden = !group?.proposed;
  if (box.hidden) return;
  const nearest = groupById(group.proposed.nearest);
  box.replaceChildren(
    el(
      "p",
      {},
      "Proposed: nothing is answered with it until you name or accept it. ",
      `${plural(group.pictures.length, "picture")} in no group so far`,
      ...from(group.proposed.places),
      `, ${alike(group)}. `,
      ...(nearest
        ? ["Nearest is ", isolated(titleOf(nearest)), `, ${group.proposed.away.toLocaleString("en")} times its radius away.`]
        : []),
    ),
    el("button", { type: "button", id: "accept", className: "primary", onclick: () => accept(group) }, "Accept"),
    nearest && el("button", { type: "button", id: "join", onclick: () => mergeWith(group.id, nearest.id) }, "Join ", isolated(titleOf(nearest))),
  );
}

const accept = (group) => change({ op: "mark", group: group.id, not_group: false });

const from = (places) => places.flatMap((place, index) => [index ? ", " : ", from ", isolated(place)]);

function alike(group) {
  const others = store.state.groups.filter((other) => !other.proposed && !other.notGroup);
  const looser = others.filter((other) => other.distanceToCentre > group.distanceToCentre).length;
  return `more alike than ${looser} of ${plural(others.length, "group")}`;
}
