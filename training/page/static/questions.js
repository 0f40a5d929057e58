// The machine proposes, the person decides: one question after another, one key each for yes, no and later.
// A question about pictures shows those that are likely selected: a click changes one, with Shift all up to it.

import { byId, el, isolated, plural, refill, toast } from "./dom.js";
import { change, groupById, read, store, titleOf } from "./store.js";
import { mergeWith } from "./merge.js";

const dialog = byId("questions-dialog");
const SHOWN = 8;
/** Answered with later, by what they ask: not asked again until the page is opened again. */
const later = new Set();
let asked = null;
/** Of the pictures asked about, those that belong. */
let chosen = new Set();
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
  refill(dialog, el("h2", { id: "questions-title" }, "Questions"), el("p", { className: "soft" }, "Looking…"));
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
  chosen = new Set(proposal.pictures.slice(0, proposal.likely));
  const [group, other] = proposal.groups.map(groupById);
  const yesButton = answerButton("Yes", "y", yes, "primary");
  const pair = other !== undefined;
  refill(
    dialog,
    el(
      "h2",
      { id: "questions-title" },
      pair ? "Are these the same?" : el("span", {}, "Which of these belong to ", isolated(titleOf(group)), "?"),
    ),
    el("p", { className: "soft" }, `${plural(count, "question")}, the most useful first`),
    pair
      ? el("div", { className: "sides" }, side(group), side(other))
      : el("div", { className: "sides" }, candidates(proposal.pictures, yesButton), side(group)),
    el(
      "div",
      { className: "row" },
      yesButton,
      answerButton(pair ? "No" : "None", "n", no),
      answerButton("Later", "l", postpone),
      closer(),
    ),
  );
  yesButton.focus();
}

function candidates(pictures, yesButton) {
  const buttons = pictures.map((picture) =>
    el(
      "button",
      { type: "button", className: "candidate", dataset: { picture } },
      el("img", { src: `/picture/${picture}/small`, alt: store.names[picture], title: store.names[picture] }),
    ),
  );
  const mark = () => {
    pictures.forEach((picture, index) => buttons[index].setAttribute("aria-pressed", String(chosen.has(picture))));
    yesButton.firstChild.textContent = chosen.size ? `Yes, these ${chosen.size}` : "Yes";
    yesButton.disabled = !chosen.size;
  };
  buttons.forEach((button, index) => {
    button.addEventListener("click", (event) => {
      if (event.shiftKey) chosen = new Set(pictures.slice(0, index + 1));
      else if (!chosen.delete(pictures[index])) chosen.add(pictures[index]);
      mark();
    });
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      buttons[(index + step + buttons.length) % buttons.length].focus();
    });
  });
  mark();
  return el("section", { className: "side candidates" }, el("ul", {}, ...buttons.map((button) => el("li", {}, button))));
}

function drawNone() {
  const close = closer();
  refill(
    dialog,
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
  const { groups, pictures } = asked;
  if (!pictures.length) return mergeWith(...groups);
  if (!chosen.size) return false;
  return change({
    op: "belong",
    group: groups[0],
    yes: pictures.filter((picture) => chosen.has(picture)),
    no: pictures.filter((picture) => !chosen.has(picture)),
  });
}

function no() {
  const { groups, pictures } = asked;
  if (!pictures.length) return change({ op: "apart", groups });
  return change({ op: "belong", group: groups[0], no: pictures });
}

function postpone() {
  later.add(keyOf(asked));
  return true;
}

const keyOf = ({ groups, pictures }) => `${groups.join("+")}/${pictures.join("+")}`;
