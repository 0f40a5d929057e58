// The picture that stands for a group in a list: the first of its pictures that can be read.

import { el } from "./dom.js";

const TRIED = 8;

export const newCover = () => el("img", { alt: "", loading: "lazy", width: 48, height: 36 });

/** Show the first of these pictures of which there is still a file; none hides the image. */
export function showCover(image, pictures) {
  const [first, ...others] = pictures.slice(0, TRIED).map(({ picture }) => `/picture/${picture}/tiny`);
  image.hidden = !first;
  if (!first || image.dataset.first === first) return;
  image.dataset.first = first;
  image.onerror = () => (others.length ? (image.src = others.shift()) : image.removeAttribute("src"));
  image.src = first;
}
