// table.js: 列设置 and 密度 of table[data-table="name"], in the box [data-table-tools="name"]; remembered.
// A column can be hidden if its head has data-column="label". A cell that spans columns gets narrower with them.
import { once } from "./once.js";
import { recall, remember } from "./remembered.js";

function showColumns(table, hidden) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  const away = new Set(heads.flatMap((head, at) => (hidden.includes(head.dataset.column) ? [at] : [])));
  for (const row of table.rows) {
    let at = 0;
    for (const cell of row.cells) {
      cell.dataset.span ??= String(cell.colSpan);
      const span = Number(cell.dataset.span);
      let left = 0;
      for (let i = at; i < at + span; i += 1) if (!away.has(i)) left += 1;
      cell.classList.toggle("column-hidden", left === 0);
      cell.colSpan = Math.max(left, 1);
      at += span;
    }
  }
}

function columnChooser(table, name) {
  const key = `table:${name}:hidden`;
  const heads = [...table.tHead.querySelectorAll("th[data-column]")];
  let hidden = recall(key, []);
  showColumns(table, hidden);
  const chooser = document.createElement("details");
  const title = document.createElement("summary");
  title.textContent = "列设置";
  const box = document.createElement("fieldset");
  box.tabIndex = -1;   // so that a press on a label's text keeps the focus in here
  const legend = document.createElement("legend");
  legend.className = "visually-hidden";
  legend.textContent = "显示哪些列";
  box.append(legend);
  for (const head of heads) {
    const label = document.createElement("label");
    const tick = document.createElement("input");
    tick.type = "checkbox";
    tick.checked = !hidden.includes(head.dataset.column);
    tick.addEventListener("change", () => {
      hidden = hidden.filter((each) => each !== head.dataset.column);
      if (!tick.checked) hidden.push(head.dataset.column);
      remember(key, hidden);
      showColumns(table, hidden);
    });
    label.append(tick, head.dataset.column);
    box.append(label);
  }
  chooser.append(title, box);
  chooser.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { chooser.open = false; title.focus(); }
  });
  chooser.addEventListener("focusout", (event) => {
    // Closed after the event: hiding the pressed element in mid-press crashes Chromium.
    const left = event.relatedTarget && !chooser.contains(event.relatedTarget);
    if (left) setTimeout(() => { chooser.open = false; });
  });
  return chooser;
}

function densityButton(table, name) {
  const key = `table:${name}:dense`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button-link";
  const show = (dense) => {
    table.classList.toggle("dense", dense);
    table.classList.toggle("roomy", !dense);
    button.textContent = dense ? "密度：紧凑" : "密度：宽松";
    button.setAttribute("aria-pressed", String(dense));
  };
  let dense = recall(key, table.classList.contains("dense"));
  button.addEventListener("click", () => { dense = !dense; remember(key, dense); show(dense); });
  show(dense);
  return button;
}

export function mount(root) {
  for (const tools of once(root, "[data-table-tools]")) {
    const name = tools.dataset.tableTools;
    const table = document.querySelector(`table[data-table="${CSS.escape(name)}"]`);
    if (!table?.tHead) continue;
    if (table.tHead.querySelector("th[data-column]")) tools.append(columnChooser(table, name));
    tools.append(densityButton(table, name));
    tools.hidden = false;
  }
}
