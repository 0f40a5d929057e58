// The machine proposes, the person decides: one question after another, one key each for yes, no and later.

import { byId, el, isolated, plural, toast } from "./dom.js";
import { change, groupById, read, store, titleOf } from "./store.js";
import { mergeWith } from "./merge.js";

const dialog = byId("questions-dialog");
const SHOWN = 8;
/** Answered with later, by what they ask: not asked again until the page is opened again. */
const later = new Set();
let asked = null;
let busy = false;

export function watchQuestions() {
  byId("questions").addEventListener("click", openQuestions);
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !asked) return;
    const answer = { y: yes, n: no, l: postpone }[event.key.toLowerCase()];
    if (!answer) return;
    event.preventDefault();
    once(answer);
  });
}

export async function openQuestions() {
  if (!dialog.open) dialog.showModal();
  await next();
}

async function next() {
  asked = null;
  dialog.replaceChildren(el("h2", { id: "questions-title" }, "Questions"), el("p", { className: "soft" }, "Looking…"));
  try {
    const { proposals } = await read(await fetch("/api/proposals"));
    const open = proposals.filter((proposal) => !later.has(keyOf(proposal)) && proposal.groups.every(groupById));
    if (dialog.open) open.length ? draw(open[0], open.length) : drawNone();
  } catch (error) {
    dialog.close();
    toast(error.message, "problem");
  }
}

function draw(proposal, count) {
  asked = proposal;
  const [group, other] = proposal.groups.map(groupById);
  const heading =
    proposal.picture === null
      ? "Are these the same?"
      : el("span", {}, "Does this belong to ", isolated(titleOf(group)), "?");
  const sides =
    proposal.picture === null
      ? [side(group), side(other)]
      : [
          el(
            "section",
            { className: "side" },
            el("h3", {}, isolated(fileOf(store.names[proposal.picture]))),
            el("img", { className: "asked", src: `/picture/${proposal.picture}/small`, alt: store.names[proposal.picture] }),
          ),
          side(group),
        ];
  const yesButton = answerButton("Yes", "y", yes, "primary");
  dialog.replaceChildren(
    el("h2", { id: "questions-title" }, heading),
    el("p", { className: "soft" }, `${plural(count, "question")}, the surest first`),
    el("div", { className: "sides" }, ...sides),
    el(
      "div",
      { className: "row" },
      yesButton,
      answerButton("No", "n", no),
      answerButton("Later", "l", postpone),
      closer(),
    ),
  );
  yesButton.focus();
}

function drawNone() {
  const close = closer();
  dialog.replaceChildren(
    el("h2", { id: "questions-title" }, "No more questions"),
    el("p", { className: "soft" }, "No two groups and no unclustered picture look alike enough to be asked about."),
    el("div", { className: "row" }, close),
  );
  close.focus();
}

const side = (group) =>
  el(
    "section",
    { className: "side" },
    el("h3", {}, isolated(titleOf(group)), el("span", { className: "soft" }, ` · ${plural(group.pictures.length, "picture")}`)),
    el(
      "ul",
      {},
      ...group.pictures
        .slice(0, SHOWN)
        .map(({ picture }) =>
          el("li", {}, el("img", { src: `/picture/${picture}/small`, alt: store.names[picture], loading: "lazy" })),
        ),
    ),
  );

const answerButton = (text, key, answer, className = "") =>
  el(
    "button",
    { type: "button", className, "aria-keyshortcuts": key, onclick: () => once(answer) },
    text,
    el("kbd", { "aria-hidden": "true" }, key),
  );

const closer = () => el("button", { type: "button", className: "quiet", onclick: () => dialog.close() }, "Close");

/** One answer at a time, however fast the keys. */
async function once(answer) {
  if (busy) return;
  busy = true;
  try {
    if (await answer()) await next();
  } finally {
    busy = false;
  }
}

function yes() {
  const { groups, picture } = asked;
  if (picture === null) return mergeWith(...groups);
  return change({ op: "move", pictures: [picture], group: groups[0] });
}

function no() {
  const { groups, picture } = asked;
  if (picture === null) return change({ op: "apart", groups });
  return change({ op: "not_here", picture, group: groups[0] });
}

function postpone() {
  later.add(keyOf(asked));
  return true;
}

const keyOf = ({ groups, picture }) => `${groups.join("+")}/${picture}`;

const fileOf = (name) => name.slice(name.lastIndexOf("/") + 1);
