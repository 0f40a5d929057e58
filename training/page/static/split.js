// A group that holds several things: its parts, looked at and named before they are kept.

import { byId, el, isolated, plural, refill, toast } from "./dom.js";
import { change, groupById, read, store, titleOf } from "./store.js";

const dialog = byId("split-dialog");
/** Enough of a part to see what it is. */
const FIRST = 12;

export async function openSplit(id) {
  const title = titleOf(groupById(id));
  refill(dialog, heading(title), el("p", { className: "soft" }, "Looking at what sets its pictures apart…"));
  dialog.showModal();
  try {
    const { options, digest } = await read(await fetch(`/api/splits/${id}`));
    if (!dialog.open) return;
    if (options.length) draw(id, title, options, digest);
    else {
      const why = "This group does not come apart: all its pictures are the same.";
      refill(dialog, heading(title), el("p", {}, why), row(closer("Close")));
      dialog.querySelector(".row button").focus();
    }
  } catch (error) {
    dialog.close();
    toast(error.message, "problem");
  }
}

/** `digest` is of the state in which the group comes apart like that. */
function draw(id, title, options, digest) {
  const preview = el("div", { className: "parts" });
  const count = el("strong", { "aria-live": "polite" });
  const fewer = el("button", { type: "button", "aria-label": "Fewer parts" }, "−");
  const more = el("button", { type: "button", "aria-label": "More parts" }, "+");
  const keep = el("button", { type: "button", className: "primary" }, "Keep this split");
  const before = groupById(id).names;
  let chosen = 0;
  let fields = [];
  const show = (index) => {
    const typed = fields.map((field) => field.value);
    chosen = index;
    const { parts, suggested } = options[chosen];
    count.textContent = `${parts.length} parts`;
    fewer.disabled = chosen === 0;
    more.disabled = chosen === options.length - 1;
    fields = parts.map((_, part) => nameField(part, typed[part] ?? "", before));
    preview.replaceChildren(...parts.map((part, number) => strip(fields[number], suggested[number], part, number)));
  };
  fewer.addEventListener("click", () => show(chosen - 1));
  more.addEventListener("click", () => show(chosen + 1));
  keep.addEventListener("click", async () => {
    if (store.state.digest !== digest) return openAgain(id);
    keep.disabled = true;
    const names = fields.map((field) => field.value);
    const kept = await change({ op: "split", group: id, parts: options[chosen].parts.length, names });
    keep.disabled = false;
    if (kept) dialog.close();
    else if (store.state.digest !== digest) openAgain(id);
    // Else a name was refused, which is still there to be corrected.
  });
  dialog.onkeydown = (event) => {
    const at = fields.indexOf(event.target);
    if (event.key === "Enter" && !event.isComposing && at >= 0) {
      event.preventDefault();
      (fields[at + 1] ?? keep).focus();
    }
    const index = options.findIndex(({ parts }) => String(parts.length) === event.key);
    if (index < 0 || event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    show(index);
    // A button that has the focus and becomes disabled would lose it.
    keep.focus();
  };
  refill(
    dialog,
    heading(title),
    el(
      "p",
      { className: "soft" },
      `Its ${plural(groupById(id).pictures.length, "picture")}, divided by what sets them apart. ` +
        "Nothing changes until you keep it. The digits 2 to 6 say how many parts.",
    ),
    el("div", { className: "amount", role: "group", "aria-label": "How many parts" }, fewer, count, more),
    preview,
    row(keep, closer("Cancel")),
  );
  show(0);
  more.disabled ? keep.focus() : more.focus();
}

function nameField(part, value, before) {
  return el("input", {
    type: "text",
    value,
    autocomplete: "off",
    placeholder: before.length ? before.join(", ") : "Name this part",
    "aria-label": `Name of part ${part + 1}`,
  });
}

function openAgain(id) {
  dialog.close();
  if (!groupById(id)) return toast("That group changed since its split was shown: it is not there any more", "problem");
  toast("Something changed since this split was shown: look at it again", "problem");
  openSplit(id);
}

const heading = (title) => el("h2", { id: "split-title" }, "Split ", isolated(title));

const row = (...buttons) => el("div", { className: "row" }, ...buttons);

const closer = (text) => el("button", { type: "button", className: "quiet", onclick: () => dialog.close() }, text);

/** Names that what is written about a part's pictures suggests: a click writes one into its field. */
function suggestions(field, words, number) {
  const take = (word) => {
    field.value = word;
    field.focus();
  };
  const label = (word) => `Name part ${number + 1} ${word}`;
  const buttons = words.map((word) =>
    el("button", { type: "button", "aria-label": label(word), onclick: () => take(word) }, isolated(word)),
  );
  return el("div", { className: "suggested", role: "group", "aria-label": `Suggested names of part ${number + 1}` }, ...buttons);
}

function strip(field, words, pictures, number) {
  const list = el("ul", {}, ...pictures.slice(0, FIRST).map(thumbnail));
  const rest = pictures.slice(FIRST);
  const more =
    rest.length > 0 &&
    el("button", {
      type: "button",
      className: "quiet",
      textContent: `${rest.length.toLocaleString("en")} more`,
      onclick: (event) => {
        list.append(...rest.map(thumbnail));
        event.target.remove();
      },
    });
  return el(
    "section",
    { className: "part" },
    el(
      "div",
      { className: "part-head" },
      el("h3", {}, `Part ${number + 1}`, el("span", { className: "soft" }, ` · ${plural(pictures.length, "picture")}`)),
      field,
      words.length > 0 && suggestions(field, words, number),
    ),
    list,
    more || null,
  );
}

const thumbnail = (picture) =>
  el(
    "li",
    {},
    el("img", {
      src: `/picture/${picture}/small`,
      alt: store.names[picture],
      title: store.names[picture],
      loading: "lazy",
    }),
  );
