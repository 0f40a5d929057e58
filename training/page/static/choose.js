// A dialog in which a group is found by typing a few letters of its name, or a new one is made of what was typed.

import { newCover, showCover } from "./cover.js";
import { byId, el, isolated, plural } from "./dom.js";
import { store, titleOf } from "./store.js";

const dialog = byId("choose-dialog");
const MOST_SHOWN = 8;

/** For comparing what people type: neither case nor accents count. */
export const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase().trim();

/**
 * Ask for a group. Resolves to `{ group }`, to `{ name }` for a new one where `allowNew`, or to null.
 * `except` are groups that are no answer.
 */
export function chooseGroup({ heading, except = [], allowNew = true }) {
  return new Promise((resolve) => {
    let answer = null;
    let marked = 0;
    let options = [];
    const input = el("input", { type: "text", id: "choose-input", autocomplete: "off", role: "combobox" });
    for (const [name, value] of [
      ["aria-expanded", "true"],
      ["aria-controls", "choose-list"],
      ["aria-autocomplete", "list"],
    ])
      input.setAttribute(name, value);
    const none = el("p", { className: "soft", role: "status" });
    const list = el("ul", { id: "choose-list", role: "listbox", "aria-label": "Groups" });
    const finish = (found) => {
      answer = found;
      dialog.close();
    };
    const draw = () => {
      options = matches(input.value, except, allowNew);
      marked = Math.min(marked, Math.max(options.length - 1, 0));
      list.replaceChildren(
        ...options.map((option, index) => {
          const item = drawOption(option, index === marked, `choose-${index}`);
          item.addEventListener("click", () => finish(option.answer));
          return item;
        }),
      );
      none.textContent = options.length ? "" : "No other group is called that";
      input.setAttribute("aria-activedescendant", options.length ? `choose-${marked}` : "");
    };
    input.addEventListener("input", () => {
      marked = 0;
      draw();
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") {
        event.preventDefault();
        if (options[marked]) finish(options[marked].answer);
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        marked = (marked + (event.key === "ArrowDown" ? 1 : -1) + options.length) % (options.length || 1);
        draw();
      }
    });
    dialog.replaceChildren(
      el("h2", { id: "choose-title" }, heading),
      el(
        "label",
        { className: "field", htmlFor: "choose-input" },
        el("span", { className: "soft" }, allowNew ? "Name of the group: an existing one, or a new one" : "Name of the group"),
        input,
      ),
      list,
      none,
      el(
        "div",
        { className: "row" },
        el("button", { type: "button", className: "quiet", onclick: () => dialog.close() }, "Cancel"),
      ),
    );
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    draw();
    dialog.showModal();
    input.focus();
  });
}

function matches(text, except, allowNew) {
  const wanted = plain(text);
  const every = store.state.groups.filter((group) => !group.notGroup && !group.proposed);
  const groups = every.filter((group) => !except.includes(group.id));
  const found = groups
    .filter((group) => plain(titleOf(group)).includes(wanted))
    .sort((one, other) => rank(one, wanted) - rank(other, wanted) || other.pictures.length - one.pictures.length)
    .slice(0, MOST_SHOWN)
    .map((group) => ({ group, answer: { group: group.id } }));
  const isExact = (group) => [titleOf(group), ...group.names].some((name) => plain(name) === wanted);
  const fresh = { name: text.trim(), answer: { name: text.trim() } };
  if (!allowNew) return found;
  if (groups.some(isExact)) return [...found.filter(({ group }) => isExact(group)), ...found.filter(({ group }) => !isExact(group))];
  // What is called so is no answer: neither is a new group of that name meant, nor one whose name holds it.
  if (every.some(isExact)) return [];
  return wanted ? [...found.filter(({ group }) => group.names.length), fresh] : [...found, fresh];
}

/** Named groups come first, and first those whose name begins with what was typed. */
const rank = (group, wanted) => (group.names.length ? 0 : 2) + (plain(titleOf(group)).startsWith(wanted) ? 0 : 1);

function drawOption({ group, name }, isMarked, id) {
  const item = el("li", { id, role: "option", "aria-selected": String(isMarked) });
  if (group) {
    const cover = newCover();
    showCover(cover, group.pictures);
    item.append(
      cover,
      isolated(titleOf(group)),
      el("span", { className: "soft" }, plural(group.pictures.length, "picture")),
    );
  } else {
    item.append(
      el("span", { className: "plus", "aria-hidden": "true" }, "+"),
      el("span", {}, name ? ["New group ", isolated(`“${name}”`)] : "New group without a name"),
    );
  }
  return item;
}
