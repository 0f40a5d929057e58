// One picture, as large as the window: for the report, the search page and the naming page.

/**
 * An empty lightbox, with what `actions` there are besides going on and back. `step` is told by how many pictures a person
 * goes on, `closed` when they are done. Its `image`, `name` and `facts` are for the caller to fill before it is opened.
 */
function makeLightbox({ step, closed, actions = [] }) {
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const image = make("img", { alt: "" });
  const stage = make("div", { className: "stage" }, image);
  const name = make("bdi", { id: "lightbox-name" });
  const facts = make("span", { className: "soft" });
  const button = (text, onclick) => make("button", { type: "button", onclick }, text);
  const close = button("Close", () => dialog.close());
  const dialog = make(
    "dialog",
    { id: "lightbox", ariaLabel: "Picture" },
    stage,
    make(
      "div",
      { className: "about" },
      make("p", { ariaLive: "polite" }, name, facts),
      make("p", { className: "row" }, ...actions, button("Previous", () => step(-1)), button("Next", () => step(1)), close),
    ),
  );
  document.body.append(dialog);
  dialog.addEventListener("click", ({ target }) => (target === dialog || target === stage) && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    const count = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!count) return;
    event.preventDefault();
    step(count);
  });
  dialog.addEventListener("close", closed);
  const open = () => {
    dialog.showModal();
    close.focus();
  };
  return { dialog, image, name, facts, open };
}

/**
 * Let the page's pictures be enlarged; returns what enlarges one of its buttons.
 *
 * A page marks its pictures: each lies in a button of class "enlarge", within an element whose data-facts is what to say
 * of it. data-name on the button is its name, where the picture's alternative text is not.
 */
function watchLightbox() {
  const { image, name, facts, open } = makeLightbox({ step, closed });
  const all = () => [...document.querySelectorAll(".enlarge")];
  let first = null;
  let shown = null;

  function show(enlarged) {
    const pictures = all();
    const { src, alt } = enlarged.querySelector("img");
    shown = enlarged;
    image.src = src;
    image.alt = alt;
    name.textContent = enlarged.dataset.name ?? alt;
    const said = enlarged.closest("[data-facts]")?.dataset.facts;
    facts.textContent = [said, `${pictures.indexOf(enlarged) + 1} of ${pictures.length}`].filter(Boolean).join(" · ");
  }

  function step(count) {
    const pictures = all();
    show(pictures[(pictures.indexOf(shown) + count + pictures.length) % pictures.length]);
  }

  // The browser gives the focus back to where it was; a person who has gone on is led to what they see.
  function closed() {
    if (shown === first) return;
    const folded = shown.closest("details");
    if (folded) folded.open = true;
    shown.focus();
  }

  function enlarge(enlarged) {
    first = enlarged;
    show(enlarged);
    open();
  }

  document.addEventListener("click", ({ target }) => {
    const enlarged = target.closest(".enlarge");
    if (enlarged) enlarge(enlarged);
  });
  return enlarge;
}
