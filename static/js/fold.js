// fold.js: what says data-folds-on-phone is closed on a phone until somebody opens it, unless the address narrows by it
// or leads into it. Without script, on a wider screen and on paper it stands open.
import { once } from "./once.js";

const PHONE = window.matchMedia("(max-width: 640px)");

function narrows(box) {
  const asked = new URLSearchParams(location.search);
  return [...box.querySelectorAll("input:not([type=hidden]), select")].some((each) => asked.get(each.name));
}

export function mount(root) {
  for (const box of once(root, "details[data-folds-on-phone]")) {
    const set = () => { box.open = !PHONE.matches || narrows(box) || box.querySelector(":target") !== null; };
    set();
    PHONE.addEventListener("change", set);
    window.addEventListener("beforeprint", () => { box.open = true; });
    window.addEventListener("afterprint", set);
  }
}
