// The map: the picture under the pointer, or the one that the arrow keys have reached, in a box beside its dot. A click or
// Enter keeps the box, and shows where the picture's group lies.

/** `enlarge` takes one of the page's pictures. */
function watchMap(enlarge) {
  const map = document.getElementById("map");
  const frame = map.closest(".map");
  const tip = document.getElementById("tip");
  const ring = document.getElementById("ring");
  const said = document.getElementById("map-said");
  const group = document.getElementById("map-group");
  const dots = [...map.querySelectorAll("circle[data-picture]")];
  const places = dots.map((dot) => [Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy"))]);
  const titles = new Map([...group.options].map((option) => [option.value, option.dataset.title]));
  const REACH = 22; // how far from a dot the pointer may be, in the whole map's units: a fingertip on a phone
  let current = -1;
  let kept = false;
  const view = watchView(map, subject, () => current >= 0 && putTip());

  const thumbnailOf = (index) => document.querySelector(`#p${dots[index].dataset.picture} .enlarge`);

  function show(index) {
    current = index;
    const { name, cluster } = dots[index].dataset;
    const image = tip.querySelector("img");
    const thumbnail = thumbnailOf(index);
    tip.querySelector("button").hidden = !thumbnail;
    if (thumbnail) image.src = thumbnail.querySelector("img").src;
    tip.querySelector(".name").textContent = name;
    const link = tip.querySelector(".where a");
    link.textContent = titles.get(cluster);
    link.href = cluster === "-1" ? "#unclustered" : `#g${cluster}`;
    putTip();
  }

  /** Where the kept picture is, or the selected group's most central one. */
  function subject() {
    return places[kept ? current : dots.findIndex((dot) => dot.dataset.cluster === group.value)];
  }

  /** The box goes beside its dot, within the map. */
  function putTip() {
    const [x, y] = places[current];
    ring.setAttribute("cx", x);
    ring.setAttribute("cy", y);
    ring.toggleAttribute("hidden", false);
    const around = frame.getBoundingClientRect();
    const dot = new DOMPoint(x, y).matrixTransform(map.getScreenCTM());
    const [left, top] = [dot.x - around.left, dot.y - around.top];
    tip.hidden = left < 0 || top < 0 || left > around.width || top > around.height;
    tip.style.left = `${beside(left, tip.offsetWidth, around.width)}px`;
    tip.style.top = `${beside(top, tip.offsetHeight, around.height)}px`;
  }

  const beside = (at, size, room) => Math.max(0, at + 16 + size > room ? at - 16 - size : at + 16);

  function hide() {
    current = -1;
    kept = false;
    tip.classList.remove("kept");
    tip.hidden = true;
    ring.toggleAttribute("hidden", true);
  }

  function keep(index) {
    kept = true;
    tip.classList.add("kept");
    choose(dots[index].dataset.cluster);
    show(index);
  }

  function choose(cluster) {
    group.value = cluster;
    highlight(cluster);
  }

  /** Only the dots of a group stand out; of all, where there is none. */
  function highlight(cluster = group.value) {
    map.classList.toggle("filtered", cluster !== "");
    for (const dot of dots) dot.classList.toggle("match", dot.dataset.cluster === cluster);
  }

  function release() {
    hide();
    choose("");
  }

  function nearest(event) {
    const point = view.place(event.clientX, event.clientY);
    let best = -1;
    let least = (REACH / view.zoom) ** 2;
    places.forEach(([x, y], index) => {
      const squared = (x - point.x) ** 2 + (y - point.y) ** 2;
      if (squared < least) [best, least] = [index, squared];
    });
    return best;
  }

  map.addEventListener("pointermove", (event) => {
    if (kept || event.buttons) return;
    const index = nearest(event);
    if (index < 0) hide();
    else if (index !== current) show(index);
  });
  map.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !kept) hide();
  });
  map.addEventListener("click", (event) => {
    if (view.dragged()) return;
    const index = nearest(event);
    if (index < 0) release();
    else keep(index);
  });
  map.addEventListener("blur", (event) => {
    if (!kept && !tip.contains(event.relatedTarget)) hide();
  });
  frame.addEventListener("keydown", (event) => event.key === "Escape" && release());
  map.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && current >= 0) keep(current);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || !dots.length) return;
    event.preventDefault();
    const index = current < 0 ? 0 : (current + step + dots.length) % dots.length;
    if (kept) release();
    view.reveal(...places[index]);
    show(index);
    said.textContent = `${dots[index].dataset.name}: ${titles.get(dots[index].dataset.cluster)}`;
  });
  tip.querySelector("button").addEventListener("click", () => enlarge(thumbnailOf(current)));
  group.addEventListener("change", () => {
    hide();
    highlight();
  });

  return highlight;
}
