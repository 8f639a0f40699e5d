// keys.js: the keyboard of the whole site (product.md). Off in fields, while an input method composes, with a
// modifier held, and when switched off in the list of keys.
import { recall, remember } from "./remembered.js";

const SWITCH = "keys:on";
const GO_WAIT_MS = 1500;
const GO = { o: "/", b: "/basins/", d: "/districts/", l: "/ledger/", a: "/alerts/" };
const LIST = [
  ["/", "搜索"],
  ["?", "这张表"],
  ["g o", "总览"],
  ["g b", "流域"],
  ["g d", "区县"],
  ["g l", "台账"],
  ["g a", "预警工单"],
  ["[ ]", "上一月、下一月"],
  ["j k", "下一行、上一行"],
  ["Enter", "打开所在行"],
];

function inField(target) {
  return target instanceof Element
    && target.closest("input, select, textarea, [contenteditable]:not([contenteditable='false'])") !== null;
}

function goLink(letter) {
  const prefix = GO[letter];
  if (!prefix) return undefined;
  return [...document.querySelectorAll("[data-main-nav] a")].find((each) => (
    prefix === "/" ? each.pathname === "/" : each.pathname.startsWith(prefix)
  ));
}

function go(letter) {
  const link = goLink(letter);
  if (link) location.assign(link.href);   // only what this person's navigation offers
  return Boolean(link);
}

function rows() {
  return [...document.querySelectorAll("main tbody tr")].filter((row) => row.querySelector("a[href]") && row.offsetParent);
}

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(document.activeElement?.closest("tr"));
  const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

// Keys that do nothing on this page are not in its list.
function works(names) {
  if (names === "/") return document.querySelector("[data-search]") !== null;
  if (names === "[ ]") return document.querySelector("[data-month-previous], [data-month-next]") !== null;
  return !names.startsWith("g ") || Boolean(goLink(names.slice(2)));
}

function dialog() {
  const box = document.createElement("dialog");
  box.className = "keys-dialog";
  box.setAttribute("aria-labelledby", "keys-title");
  const title = document.createElement("h2");
  title.id = "keys-title";
  title.textContent = "快捷键";
  const list = document.createElement("dl");
  for (const [names, what] of LIST.filter(([keys]) => works(keys))) {
    const term = document.createElement("dt");
    for (const name of names.split(" ")) {
      const cap = document.createElement("kbd");
      cap.textContent = name;
      term.append(cap, " ");
    }
    const text = document.createElement("dd");
    text.textContent = what;
    list.append(term, text);
  }
  const label = document.createElement("label");
  const tick = document.createElement("input");
  tick.type = "checkbox";
  tick.checked = recall(SWITCH, true);
  tick.addEventListener("change", () => remember(SWITCH, tick.checked));
  label.append(tick, "启用快捷键（在输入框内始终不起作用）");
  const form = document.createElement("form");
  form.method = "dialog";
  form.className = "buttons";
  const close = document.createElement("button");
  close.className = "button button-small";
  close.textContent = "关闭快捷键列表";
  form.append(close);
  box.append(title, list, label, form);
  document.body.append(box);
  return box;
}

export function listen(page) {
  let waitingUntil = 0;
  let box = null;
  const openList = () => { box ??= dialog(); if (!box.open) box.showModal(); };

  const acts = {
    "/": () => { const field = page.querySelector("[data-search]"); field?.focus(); field?.select(); return Boolean(field); },
    "?": () => { openList(); return true; },
    g: () => { waitingUntil = Date.now() + GO_WAIT_MS; return true; },
    "[": () => { const link = page.querySelector("[data-month-previous]"); link?.click(); return Boolean(link); },
    "]": () => { const link = page.querySelector("[data-month-next]"); link?.click(); return Boolean(link); },
    j: () => step(1),
    k: () => step(-1),
    Enter: () => {
      const row = document.activeElement;
      if (row?.tagName !== "TR") return false;
      row.querySelector("a[href]").click();
      return true;
    },
  };

  page.addEventListener("keydown", (event) => {
    // keyCode 229: the input method has the key, in browsers that do not set isComposing.
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.defaultPrevented || inField(event.target) || box?.open || !recall(SWITCH, true)) return;
    const going = Date.now() < waitingUntil;
    waitingUntil = 0;
    const done = going ? go(event.key) : acts[event.key]?.();
    if (done) event.preventDefault();
  });

  for (const opener of page.querySelectorAll("[data-keys-open]")) {
    opener.hidden = false;
    opener.addEventListener("click", openList);
  }
}
