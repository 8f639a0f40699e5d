// nav.js: a menu of the navigation closes on Escape, on a click elsewhere and when the focus leaves it.
// Opening needs no script: the menus are <details>.
import { once } from "./once.js";

export function mount(root) {
  for (const nav of once(root, "[data-main-nav]")) {
    const open = () => nav.querySelector("details[open]");
    nav.addEventListener("keydown", (event) => {
      const menu = open();
      if (event.key !== "Escape" || !menu) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    nav.addEventListener("focusout", (event) => {
      const menu = event.target.closest("details[open]");
      if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
    });
    document.addEventListener("click", (event) => {
      const menu = open();
      if (menu && !menu.contains(event.target)) menu.open = false;
    });
  }
}
