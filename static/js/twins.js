// twins.js: things on a page that are the same object (a district on the map, its table row) light up together.
// Each carries data-twin with the object's code.
import { once } from "./once.js";

function light(code, on) {
  for (const twin of document.querySelectorAll("[data-twin]")) {
    if (twin.dataset.twin === code) twin.classList.toggle("twin", on);
  }
}

export function mount(root) {
  for (const element of once(root, "[data-twin]")) {
    const code = element.dataset.twin;
    for (const start of ["pointerenter", "focusin"]) element.addEventListener(start, () => light(code, true));
    for (const end of ["pointerleave", "focusout"]) element.addEventListener(end, () => light(code, false));
  }
}
