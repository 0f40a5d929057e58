// The map: the picture under the pointer, or the one that the arrow keys have reached, in a box beside its dot.
"use strict";
(() => {
  const map = document.getElementById("map");
  const tip = document.getElementById("tip");
  const ring = document.getElementById("ring");
  const said = document.getElementById("map-said");
  const dots = [...map.querySelectorAll("circle[data-picture]")];
  const places = dots.map((dot) => [Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy"))]);
  const titles = new Map(
    [...document.querySelectorAll(".overview a")].map((link) => [
      link.dataset.cluster,
      link.querySelector(".title").textContent,
    ]),
  );
  const REACH = 22; // how far from a dot the pointer may be, in the map's units: a fingertip on a phone
  let current = -1;

  function show(index) {
    current = index;
    const dot = dots[index];
    const [x, y] = places[index];
    ring.hidden = false;
    ring.setAttribute("cx", x);
    ring.setAttribute("cy", y);
    const thumbnail = document.querySelector(`#p${dot.dataset.picture} img`);
    const image = tip.querySelector("img");
    image.hidden = !thumbnail;
    if (thumbnail) image.src = thumbnail.src;
    tip.querySelector(".name").textContent = dot.dataset.name;
    tip.querySelector(".where").textContent = titles.get(dot.dataset.cluster);
    tip.hidden = false;
    const scale = map.clientWidth / map.viewBox.baseVal.width;
    const left = x * scale + 16;
    const top = y * scale + 16;
    const overRight = left + tip.offsetWidth > map.clientWidth;
    const overBottom = top + tip.offsetHeight > map.clientHeight;
    tip.style.left = `${Math.max(0, overRight ? left - 32 - tip.offsetWidth : left)}px`;
    tip.style.top = `${Math.max(0, overBottom ? top - 32 - tip.offsetHeight : top)}px`;
  }

  function hide() {
    current = -1;
    tip.hidden = true;
    ring.hidden = true;
  }

  function nearest(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    let best = -1;
    let least = REACH * REACH;
    places.forEach(([x, y], index) => {
      const squared = (x - point.x) ** 2 + (y - point.y) ** 2;
      if (squared < least) [best, least] = [index, squared];
    });
    return best;
  }

  map.addEventListener("pointermove", (event) => {
    const index = nearest(event);
    if (index < 0) hide();
    else if (index !== current) show(index);
  });
  map.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") hide();
  });
  map.addEventListener("click", (event) => {
    const index = nearest(event);
    if (index < 0) hide();
    else show(index);
  });
  map.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") hide();
    if (event.key === "Enter" && current >= 0) reveal(dots[current].dataset.picture);
    if (!step || !dots.length) return;
    event.preventDefault();
    show(current < 0 ? 0 : (current + step + dots.length) % dots.length);
    said.textContent = `${dots[current].dataset.name}: ${titles.get(dots[current].dataset.cluster)}`;
  });
  map.addEventListener("dblclick", (event) => {
    const index = nearest(event);
    if (index >= 0) reveal(dots[index].dataset.picture);
  });
  map.addEventListener("blur", hide);

  function reveal(picture) {
    const figure = document.getElementById(`p${picture}`);
    if (!figure) return;
    const folded = figure.closest("details");
    if (folded) folded.open = true;
    location.hash = `p${picture}`;
  }

  // The most central picture of each group stands for it; the page holds every thumbnail once.
  for (const link of document.querySelectorAll(".overview a")) {
    const central = document.querySelector(`${link.getAttribute("href")} .tiles img`);
    if (!central) continue;
    const cover = new Image();
    cover.src = central.src;
    cover.alt = "";
    link.querySelector(".cover").append(cover);
  }

  // Pointing at a group in the overview shows where it lies.
  for (const link of document.querySelectorAll(".overview a")) {
    const mark = (on) => {
      map.classList.toggle("filtered", on);
      for (const dot of dots) dot.classList.toggle("match", on && dot.dataset.cluster === link.dataset.cluster);
    };
    link.addEventListener("pointerenter", () => mark(true));
    link.addEventListener("pointerleave", () => mark(false));
    link.addEventListener("focus", () => mark(true));
    link.addEventListener("blur", () => mark(false));
  }
})();
