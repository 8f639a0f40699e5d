// live.js: an open page asks whether what it shows is still so, and takes the new content once nobody is in the middle of something.
// It asks by what it has seen and gets 204 while nothing changed; asking is no use of the session. A hidden page doesn't ask.
import { once } from "./once.js";

const EVERY = 10_000; // ms
const SHOWN = "td, dd, .badge, .money, .figure";

export function mount(root) {
  for (const body of once(root, "body[data-seen]")) if (body.dataset.seen) watch(body);
}

function watch(body) {
  let seen = body.dataset.seen;
  let waiting = "";
  let timer = 0;
  const region = spoken();
  const again = () => { clearTimeout(timer); timer = setTimeout(ask, EVERY + Math.random() * 1000); };
  const take = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    seen = page.body.dataset.seen || seen;
    body.dataset.seen = seen;
    replace(page);
    region.textContent = `数据已更新，${new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false })}`;
  };
  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-Seen": seen }, redirect: "manual", cache: "no-store" });
      if (answer.status === 204) seen = answer.headers.get("X-Seen") || seen;
      else if (answer.ok) waiting = await answer.text();
      else if (answer.status < 500) return; // signed out, or not for this person any more: session.js and the next click say so
    } catch { /* The network is away; the next time may find it back. */ }
    if (waiting && !busy()) { take(waiting); waiting = ""; }
    again();
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  again();
}

function spoken() {
  const region = document.createElement("p");
  region.className = "visually-hidden";
  region.setAttribute("role", "status");
  document.body.append(region);
  return region;
}

// Somebody types, chooses, reads a dialog or has marked text: nothing is taken away under their hands.
function busy() {
  const main = document.querySelector("main");
  const at = document.activeElement;
  if (main.contains(at) && at.matches("input, select, textarea, [contenteditable]")) return true;
  if (document.querySelector("dialog[open], .htmx-request, [popover]:popover-open")) return true;
  if ([...main.querySelectorAll("input, select, textarea")].some(changed)) return true;
  const marked = window.getSelection();
  return Boolean(marked && !marked.isCollapsed && main.contains(marked.anchorNode));
}

function changed(field) {
  if (!field.name || ["hidden", "submit", "button"].includes(field.type)) return false; // nameless: of the page itself
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return [...field.options].some((option, n) => option.selected !== (option.defaultSelected || (n === 0 && ![...field.options].some((each) => each.defaultSelected))));
  return field.value !== field.defaultValue;
}

function replace(page) {
  const old = document.querySelector("main");
  const fresh = document.importNode(page.querySelector("main"), true);
  const at = old.contains(document.activeElement) ? path(old, document.activeElement) : null;
  opened(old, fresh);
  const marks = differing(old, fresh);
  old.replaceWith(fresh);
  for (const name of [".masthead-end .todo-link"]) sameCount(name, page);
  for (const cell of marks) cell.classList.add("just-changed");
  window.htmx?.process(fresh);
  document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: fresh } }));
  if (at) found(fresh, at)?.focus({ preventScroll: true });
}

function sameCount(selector, page) {
  const now = [...document.querySelectorAll(selector)];
  const next = [...page.querySelectorAll(selector)];
  if (now.length === next.length) now.forEach((link, n) => { link.replaceWith(document.importNode(next[n], true)); });
}

// What was opened stays open, found by what its summary says (figures aside) and which of these it is.
function opened(old, fresh) {
  const now = named(old);
  for (const [name, each] of named(fresh)) if (now.has(name)) each.open = now.get(name).open;
}

function named(root) {
  const found = new Map();
  for (const each of root.querySelectorAll("details")) {
    const said = (each.querySelector("summary")?.textContent ?? "").replace(/[\d\s.,]+/g, "");
    let n = 0;
    while (found.has(`${said} ${n}`)) n += 1;
    found.set(`${said} ${n}`, each);
  }
  return found;
}

function differing(old, fresh) {
  const now = [...old.querySelectorAll(SHOWN)];
  const next = [...fresh.querySelectorAll(SHOWN)];
  if (now.length !== next.length) return [];
  return next.filter((cell, n) => cell.textContent !== now[n].textContent);
}

function path(root, element) {
  const steps = [];
  for (let each = element; each !== root; each = each.parentElement) steps.unshift([...each.parentElement.children].indexOf(each));
  return steps;
}

function found(root, steps) {
  let each = root;
  for (const step of steps) each = each?.children[step];
  return each;
}
