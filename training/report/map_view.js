// The part of the map that is seen: zoomed by wheel, two fingers, buttons and keys, moved by dragging.

const MOST_ZOOM = 16;
const STEP = 1.5; // of a button and a key
const DRAG = 6; // how far a pointer may move, in pixels, and still have clicked

/** Let a square svg be zoomed and moved. `subject` says what buttons and keys zoom about, such as [x, y], if anything;
 * `changed` is called once another part is seen. */
function watchView(map, subject, changed) {
  const whole = map.viewBox.baseVal.width;
  const words = map.querySelector(".words");
  const pointers = new Map();
  let view = { x: 0, y: 0, zoom: 1 };
  let moved = 0;
  let waiting = false;

  const clamped = (value, low, high) => Math.min(Math.max(value, low), high);
  const place = (x, y) => new DOMPoint(x, y).matrixTransform(map.getScreenCTM().inverse());

  function see(x, y, wanted) {
    const zoom = clamped(wanted, 1, MOST_ZOOM);
    const hidden = whole - whole / zoom;
    view = { x: clamped(x, 0, hidden), y: clamped(y, 0, hidden), zoom };
    const side = whole / zoom;
    map.setAttribute("viewBox", `${view.x} ${view.y} ${side} ${side}`);
    map.classList.toggle("zoomed", zoom > 1);
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      // Words keep their size. Dots shrink by steps: tens of thousands take too long to style at each turn of a wheel.
      words.style.setProperty("--words", 1 / view.zoom);
      map.dataset.zoom = view.zoom.toFixed(2);
      for (const level of [2, 4, 8]) map.classList.toggle(`at${level}`, view.zoom >= level);
      changed();
    });
  }

  /** What lies at `about` stays where it is. */
  function zoomBy(factor, about) {
    const kept = view.zoom / clamped(view.zoom * factor, 1, MOST_ZOOM);
    see(about.x - (about.x - view.x) * kept, about.y - (about.y - view.y) * kept, view.zoom / kept);
  }

  function step(factor) {
    const about = subject();
    if (about) reveal(...about);
    const middle = whole / view.zoom / 2;
    const [x, y] = about ?? [view.x + middle, view.y + middle];
    zoomBy(factor, { x, y });
  }

  /** Bring a point into view, with something around it. */
  function reveal(x, y) {
    const side = whole / view.zoom;
    const margin = side / 8;
    see(
      clamped(view.x, x + margin - side, x - margin),
      clamped(view.y, y + margin - side, y - margin),
      view.zoom,
    );
  }

  // A wheel that turns above the map scrolls the page, unless the map is in use or the gesture is a zoom's.
  map.addEventListener(
    "wheel",
    (event) => {
      const pinch = event.ctrlKey || event.metaKey;
      if (!pinch && document.activeElement !== map) return;
      if (!pinch && view.zoom === 1 && event.deltaY > 0) return;
      event.preventDefault();
      const turned = event.deltaY * (event.deltaMode ? 16 : 1);
      zoomBy(2 ** (-turned * (pinch ? 0.01 : 0.004)), place(event.clientX, event.clientY));
    },
    { passive: false },
  );
  // Two fingers are the map's; one scrolls the page until the map is zoomed.
  map.addEventListener("touchmove", (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
  map.addEventListener("pointerdown", (event) => {
    if (!pointers.size) moved = 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  map.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (other) {
      const [far, near] = [now, before].map((each) => Math.hypot(each.x - other.x, each.y - other.y));
      zoomBy(far / Math.max(near, 1), place((now.x + other.x) / 2, (now.y + other.y) / 2));
    } else if (view.zoom > 1 && moved > DRAG) {
      const [from, to] = [place(before.x, before.y), place(now.x, now.y)];
      map.setPointerCapture(event.pointerId);
      see(view.x + from.x - to.x, view.y + from.y - to.y, view.zoom);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    map.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  map.addEventListener("pointerleave", (event) => pointers.delete(event.pointerId));

  const actions = {
    "+": () => step(STEP),
    "=": () => step(STEP),
    "-": () => step(1 / STEP),
    0: () => see(0, 0, 1),
  };
  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });
  document.getElementById("zoom-in").addEventListener("click", actions["+"]);
  document.getElementById("zoom-out").addEventListener("click", actions["-"]);
  document.getElementById("zoom-all").addEventListener("click", actions[0]);

  return {
    place,
    reveal,
    /** Whether the pointer that has just been lifted dragged rather than clicked. */
    dragged: () => view.zoom > 1 && moved > DRAG,
    get zoom() {
      return view.zoom;
    },
  };
}
