// selection.js: ticking rows. Inside [data-selection]: checkboxes [data-select-row], one [data-select-all],
// a bar [data-selected-bar] (hidden while nothing is ticked) with the number in [data-selected-count].
import { once } from "./once.js";

export function mount(root) {
  for (const area of once(root, "[data-selection]")) {
    const all = area.querySelector("[data-select-all]");
    const bar = area.querySelector("[data-selected-bar]");
    const count = area.querySelector("[data-selected-count]");
    const rows = () => [...area.querySelectorAll("[data-select-row]")];
    const tell = () => {
      const boxes = rows();
      const ticked = boxes.filter((box) => box.checked).length;
      if (count) count.textContent = String(ticked);
      if (bar) bar.hidden = ticked === 0;
      if (all) {
        all.checked = ticked > 0 && ticked === boxes.length;
        all.indeterminate = ticked > 0 && ticked < boxes.length;
      }
    };
    area.addEventListener("change", (event) => {
      if (event.target === all) for (const box of rows()) box.checked = all.checked;
      tell();
    });
    tell();
  }
}
