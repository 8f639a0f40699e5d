// print.js: buttons that open the browser's print dialogue; without script they are not there.
import { once } from "./once.js";

export function mount(root) {
  for (const button of once(root, "[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
