// session.js: on a page with a form, warns two minutes before the session ends, and keeps what was typed.
// What was typed waits in this tab's sessionStorage; after signing in again on the same page it is put back.
// It goes once a page comes back signed in, when the person signs out, and with the tab.
import { once } from "./once.js";

const WARN_BEFORE = 120;
const PREFIX = "typed:";
const LEFT_OUT = new Set(["csrfmiddlewaretoken", "action", "version", "confirmed"]);

const read = (key) => { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } };
const write = (key, value) => { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* Refused or full: the page still holds it. */ } };
const drop = (key) => { try { sessionStorage.removeItem(key); } catch { /* As above. */ } };
const kept = () => { try { return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)); } catch { return []; } };

export function mount(root) {
  if (root === document) swept();
  for (const form of once(root, "main form.form[method=post]")) {
    if (document.body.dataset.person) keep(form);
  }
  for (const form of once(root, "form.sign-out")) form.addEventListener("submit", () => kept().forEach(drop));
  for (const body of once(root, "body[data-session-seconds]")) {
    if (document.querySelector("main form.form[method=post]")) watch(Number(body.dataset.sessionSeconds));
  }
}

// What was sent has arrived if a signed-in page answers; if the sign-in page does, it has not.
function swept() {
  const person = document.body.dataset.person;
  for (const key of kept()) {
    const entry = read(key);
    if (!person && entry) write(key, { ...entry, sent: false });
    else if (person && (!entry || entry.sent || entry.person !== person)) drop(key);
  }
}

function fields(form) {
  return [...form.elements].filter((field) =>
    field.name && !LEFT_OUT.has(field.name) && !["hidden", "password", "file", "submit", "button"].includes(field.type));
}

function typed(form) {
  return fields(form).map((field) => [field.name, ["checkbox", "radio"].includes(field.type) ? `${field.checked}` : field.value, field.type === "radio" ? field.value : ""]);
}

function keep(form) {
  const key = PREFIX + location.pathname + [...document.querySelectorAll("main form.form[method=post]")].indexOf(form);
  const first = JSON.stringify(typed(form));
  const entry = read(key);
  if (entry && JSON.stringify(entry.typed) !== first) putBack(form, entry.typed, key);
  const save = () => {
    const now = typed(form);
    if (JSON.stringify(now) === first) drop(key);
    else write(key, { person: document.body.dataset.person, sent: false, typed: now });
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
  form.addEventListener("submit", () => {
    const now = read(key);
    if (now) write(key, { ...now, sent: true });
  });
}

function putBack(form, values, key) {
  for (const [name, value, option] of values) {
    const field = fields(form).find((each) => each.name === name && (each.type !== "radio" || each.value === option));
    if (!field) continue;
    if (["checkbox", "radio"].includes(field.type)) field.checked = value === "true";
    else field.value = value;
  }
  const line = say("已放回登录前填写、还没有保存的内容；核对后请保存。");
  const away = button("不用，显示已保存的", () => { drop(key); location.reload(); });
  line.append(" ", away);
}

function say(words) {
  const line = document.createElement("p");
  line.className = "message message-warning";
  line.textContent = words;
  const wrap = document.createElement("div");
  wrap.className = "wrap";
  wrap.append(line);
  document.querySelector("main .messages").append(wrap);
  return line;
}

function button(words, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button-small";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

// The live region is there before it speaks, or it would not be heard.
function watch(seconds) {
  const bar = document.createElement("div");
  bar.className = "session-bar";
  bar.setAttribute("role", "alert");
  bar.hidden = true;
  document.body.append(bar);
  let until = Date.now() + seconds * 1000;
  let said = "";
  const show = (name, words, ...acts) => {
    if (said === name) return;
    said = name;
    const line = document.createElement("p");
    line.textContent = words;
    bar.replaceChildren(line, ...acts);
    bar.hidden = false;
  };
  const signIn = () => {
    const link = document.createElement("a");
    link.className = "button button-small";
    link.href = `${document.body.dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = "重新登录";
    return link;
  };
  const ended = () => show("ended", "登录已超时。所填内容留在这个页签里，重新登录后会放回。", signIn());
  const extend = async () => {
    try {
      const answer = await fetch(document.body.dataset.sessionExtend, { redirect: "manual", headers: { Accept: "application/json" } });
      if (answer.status !== 204) { until = 0; ended(); return; }
    } catch {
      said = "";
      show("offline", "没有连上服务器；请检查网络后再试。", button("继续填写", extend));
      return;
    }
    until = Date.now() + seconds * 1000;
    said = "";
    bar.hidden = true;
  };
  const tick = () => {
    const left = (until - Date.now()) / 1000;
    if (left <= 0) ended();
    else if (left <= WARN_BEFORE && said !== "offline") {
      show("soon", "登录将在 2 分钟内超时；超时后须重新登录。", button("继续填写", extend));
    }
  };
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
}
