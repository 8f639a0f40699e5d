// main.js: mounts every behaviour on the page, and again on what htmx swaps in.
import * as charts from "./chart.js";
import * as folds from "./fold.js";
import * as keys from "./keys.js";
import * as lives from "./live.js";
import * as maps from "./map.js";
import * as pickers from "./month-picker.js";
import * as navs from "./nav.js";
import * as prints from "./print.js";
import * as selection from "./selection.js";
import * as sessions from "./session.js";
import * as tables from "./table.js";
import * as twins from "./twins.js";

const behaviours = [charts, folds, lives, maps, navs, pickers, prints, selection, sessions, tables, twins];

function mountAll(root) {
  for (const behaviour of behaviours) behaviour.mount(root);
  root.querySelector("[data-takes-focus]")?.focus();
}

mountAll(document);
keys.listen(document);
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) mountAll(event.detail.elt);
});
