// Try a picture: drop one in, and see what the Function would answer.

import { byId, el, isolated, toast } from "./dom.js";
import { groupById, read, store, titleOf } from "./store.js";
import { show, UNCLUSTERED } from "./view.js";

const dialog = byId("try-dialog");
const input = el("input", { type: "file", accept: "image/*", className: "hidden-visually", id: "try-file" });
const drop = el(
  "label",
  { className: "drop", htmlFor: "try-file" },
  el("strong", {}, "Choose a picture"),
  el("span", { className: "soft" }, "or drop it here, or paste it. It is only looked at: nothing is kept."),
);
const category = el("select", { id: "try-category", onchange: () => tried && ask(tried) });
const choice = el("p", { className: "category", hidden: true }, el("label", { htmlFor: "try-category" }, "Category "), category);
const answer = el("div", { className: "answer", "aria-live": "polite" });
/** The file that was tried last, to be asked about again when the category changes. */
let tried = null;
let preview = "";
let asked = 0;

export function watchTry() {
  dialog.append(
    el("h2", { id: "try-title" }, "Try a picture"),
    input,
    drop,
    choice,
    answer,
    el(
      "div",
      { className: "row" },
      el("button", { type: "button", className: "quiet", onclick: () => dialog.close() }, "Close"),
    ),
  );
  input.addEventListener("change", () => {
    if (input.files[0]) ask(input.files[0]);
    input.value = "";
  });
  dialog.addEventListener("close", forget);
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  window.addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("dragging"));
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    take(event.dataTransfer.files);
  });
  window.addEventListener("paste", (event) => take(event.clipboardData.files));
}

export function openTry() {
  const { categories } = store.state;
  choice.hidden = !categories.length;
  if (categories.length && !category.options.length) {
    category.append(new Option("not told", ""), ...categories.map((name) => new Option(name)));
  }
  if (!dialog.open) dialog.showModal();
  input.focus();
}

function take(files) {
  if (!files.length) return;
  for (const open of document.querySelectorAll("dialog[open]")) if (open !== dialog) open.close();
  openTry();
  ask(files[0]);
}

async function ask(file) {
  forget();
  tried = file;
  const mine = asked;
  const query = category.value ? `?category=${encodeURIComponent(category.value)}` : "";
  preview = URL.createObjectURL(file);
  answer.replaceChildren(el("p", { className: "soft" }, "Looking…"));
  try {
    const found = await read(await fetch(`/api/try${query}`, { method: "POST", body: file }));
    if (mine === asked) draw(file, found);
  } catch (error) {
    if (mine === asked)
      answer.replaceChildren(el("p", { className: "problem" }, isolated(file.name), `: ${error.message}`));
  }
}

function forget() {
  asked += 1;
  tried = null;
  URL.revokeObjectURL(preview);
  answer.replaceChildren();
}

function draw(file, found) {
  const group = found.group === UNCLUSTERED ? undefined : groupById(found.group);
  const verdict = group
    ? el("p", { className: "verdict" }, isolated(titleOf(group)))
    : el("p", { className: "verdict none" }, "Unclustered");
  const facts = [
    ["Group", group ? String(group.id) : "none"],
    ["Names", found.names.join(", ") || "none"],
    ...(found.suggested.length ? [["Suggested", found.suggested.join(", ")]] : []),
    [
      "Distance",
      found.distance === null
        ? "nothing to compare with"
        : `${found.distance.toFixed(3)}${found.eps === null ? "" : ` of at most ${found.eps.toFixed(3)}`}`,
    ],
    ["Confidence", `${Math.round(found.confidence * 100)}%`],
  ];
  const image = el("img", { src: preview, alt: `The picture tried: ${file.name}` });
  const go =
    group &&
    el(
      "button",
      {
        type: "button",
        onclick: () => {
          dialog.close();
          show(group.id);
        },
      },
      "Show the group",
    );
  answer.replaceChildren(
    el(
      "div",
      { className: "tried" },
      image,
      el(
        "div",
        {},
        verdict,
        el("dl", {}, ...facts.map(([term, text]) => el("div", {}, el("dt", {}, term), el("dd", {}, isolated(text))))),
        go,
      ),
    ),
    el("h3", {}, "Most alike"),
    el("ul", { className: "alike" }, ...found.alike.map(alike)),
  );
}

const alike = ({ picture, distance, group }) =>
  el(
    "li",
    {},
    el("img", { src: `/picture/${picture}/small`, alt: store.names[picture], title: store.names[picture] }),
    el(
      "p",
      {},
      isolated(group === UNCLUSTERED ? "unclustered" : titleOf(groupById(group) ?? { id: group, names: [] })),
      el("span", { className: "soft" }, ` ${distance.toFixed(3)}`),
    ),
  );
