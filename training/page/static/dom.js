// Elements by hand. Text goes in as text, so a file name can't become markup.

export const byId = (id) => document.getElementById(id);

/** An element with properties (`dataset` and `aria-…` included) and children: elements, texts, or nothing. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

/** Text in its own direction: a name in another script does not turn its surroundings. */
export const isolated = (text, properties = {}) => el("bdi", { ...properties, textContent: text });

export const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

const box = byId("toast");
let fading = 0;
// What is said when a dialog closes is still to be read.
document.addEventListener("close", ({ target }) => target.contains(box) && document.body.append(box), { capture: true });

/** Say something that needs no answer, and read it out. */
export function toast(text, kind = "message") {
  // An open dialog makes everything outside it inert, and covers it.
  (document.querySelector("dialog[open]") ?? document.body).append(box);
  box.textContent = text;
  box.dataset.kind = kind;
  box.classList.add("shown");
  clearTimeout(fading);
  fading = setTimeout(() => box.classList.remove("shown"), kind === "problem" ? 9000 : 4500);
}

/** New content for an open dialog: what is being said there is still to be read. */
export function refill(dialog, ...children) {
  dialog.replaceChildren(...children, ...(dialog.contains(box) ? [box] : []));
}
