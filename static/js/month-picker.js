// month-picker.js: a [data-auto-submit] form goes as soon as its select changes; its button is then not needed.
// A change by arrow key waits for Enter or leaving the field, or every month passed would load.
import { once } from "./once.js";

export function mount(root) {
  for (const form of once(root, "form[data-auto-submit]")) {
    const select = form.querySelector("select");
    const button = form.querySelector("[data-auto-submit-button]");
    if (!select) continue;
    if (button) button.hidden = true;
    const first = select.value;
    let byArrow = false;
    const go = () => { if (select.value !== first) form.requestSubmit(); };
    select.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); go(); }
      byArrow = event.key.startsWith("Arrow");
    });
    select.addEventListener("pointerdown", () => { byArrow = false; });
    select.addEventListener("change", () => { if (!byArrow) go(); });
    select.addEventListener("blur", go);
  }
}
