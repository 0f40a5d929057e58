// A group that holds two things: the options for splitting it, looked at before one is kept.

import { byId, el, isolated, plural, toast } from "./dom.js";
import { change, groupById, read, store, titleOf } from "./store.js";

const dialog = byId("split-dialog");

export async function openSplit(id) {
  const title = titleOf(groupById(id));
  dialog.replaceChildren(heading(title), el("p", { className: "soft" }, "Clustering its pictures again, tighter…"));
  dialog.showModal();
  try {
    const { options } = await read(await fetch(`/api/splits/${id}`));
    if (!dialog.open) return;
    if (options.length) draw(id, title, options);
    else
      dialog.replaceChildren(
        heading(title),
        el(
          "p",
          {},
          "This group does not come apart: however small eps is made, its pictures stay together to the last. " +
            "Remove the pictures that do not belong.",
        ),
        row(closer("Close")),
      );
    dialog.querySelector("input, .row button").focus();
  } catch (error) {
    dialog.close();
    toast(error.message, "problem");
  }
}

function draw(id, title, options) {
  const preview = el("div", { className: "parts", "aria-live": "polite" });
  const keep = el("button", { type: "button", className: "primary" }, "Keep this split");
  let chosen = options[0];
  const choose = (option) => {
    chosen = option;
    preview.replaceChildren(
      ...option.parts.map((part, index) => strip(`Part ${index + 1}`, part)),
      ...(option.left.length ? [strip("Left over: in no part", option.left, "left")] : []),
    );
  };
  const choices = options.map((option, index) => {
    const input = el("input", { type: "radio", name: "option", checked: index === 0, onchange: () => choose(option) });
    const sizes = option.parts.map((part) => part.length).join(" + ");
    const left = option.left.length ? `, ${option.left.length} left over` : "";
    return el(
      "label",
      { className: "option" },
      input,
      el("span", {}, el("strong", {}, sizes), left),
      el("small", {}, `eps ${option.eps.toFixed(3)}`),
    );
  });
  keep.addEventListener("click", async () => {
    keep.disabled = true;
    const kept = await change({ op: "split", group: id, eps: chosen.eps, min_samples: chosen.min_samples });
    keep.disabled = false;
    if (kept) dialog.close();
    else if (groupById(id)) openAgain(id);
  });
  dialog.replaceChildren(
    heading(title),
    el(
      "p",
      { className: "soft" },
      `Its ${plural(groupById(id).pictures.length, "picture")}, clustered again with a smaller eps. ` +
        "Each part gets the group's names; nothing changes until you keep it.",
    ),
    el(
      "fieldset",
      { className: "options" },
      el("legend", {}, options.length === 1 ? "One option" : `${options.length} options, loosest first`),
      ...choices,
    ),
    preview,
    row(keep, closer("Cancel")),
  );
  choose(options[0]);
}

function openAgain(id) {
  dialog.close();
  openSplit(id);
}

const heading = (title) => el("h2", { id: "split-title" }, "Split ", isolated(title));

const row = (...buttons) => el("div", { className: "row" }, ...buttons);

const closer = (text) => el("button", { type: "button", className: "quiet", onclick: () => dialog.close() }, text);

const strip = (title, pictures, kind = "") =>
  el(
    "section",
    { className: `part ${kind}` },
    el("h3", {}, title, el("span", { className: "soft" }, ` · ${plural(pictures.length, "picture")}`)),
    el(
      "ul",
      {},
      ...pictures.map((picture) =>
        el(
          "li",
          {},
          el("img", {
            src: `/picture/${picture}/small`,
            alt: store.names[picture],
            title: store.names[picture],
            loading: "lazy",
          }),
        ),
      ),
    ),
  );
