// The list of groups: each has its most central picture, and pointing at it shows on the map where it lies.

/** `highlight` takes a group's number, and nothing to show what was shown before. */
function watchOverview(highlight) {
  for (const link of document.querySelectorAll(".overview a")) {
    for (const event of ["pointerenter", "focus"]) link.addEventListener(event, () => highlight(link.dataset.cluster));
    for (const event of ["pointerleave", "blur"]) link.addEventListener(event, () => highlight());
    // The most central picture of each group stands for it; the page holds every thumbnail once.
    const central = document.querySelector(`${link.getAttribute("href")} .tiles img`);
    if (!central) continue;
    link.querySelector(".cover").append(Object.assign(new Image(), { src: central.src, alt: "" }));
  }
}
