// map.js: an SVG map in [data-map] gets a tooltip on hover and focus of each [data-twin] (its data-tip, else its
// aria-label), and buttons [data-map-zoom="in|out|whole"] that change the viewBox. Zoomed in, it can be dragged.
import { once } from "./once.js";

const CLOSEST = 6;

function tooltip(box) {
  const tip = document.createElement("div");
  tip.className = "map-tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");   // the link's own label says it to a screen reader
  box.append(tip);
  const show = (target) => {
    const text = target.dataset.tip || target.getAttribute("aria-label");
    if (!text) return;
    tip.textContent = text;
    tip.hidden = false;
    const frame = box.getBoundingClientRect();
    const mark = target.getBoundingClientRect();
    const left = mark.left + mark.width / 2 - frame.left - tip.offsetWidth / 2;
    const top = mark.top - frame.top - tip.offsetHeight - 8;
    tip.style.left = `${Math.max(0, Math.min(left, frame.width - tip.offsetWidth))}px`;
    tip.style.top = `${top < 0 ? mark.bottom - frame.top + 8 : top}px`;
  };
  const hide = () => { tip.hidden = true; };
  for (const target of box.querySelectorAll("svg [data-twin], svg [data-tip]")) {
    target.querySelector(":scope > title")?.remove();   // else the browser shows a second one
    target.addEventListener("pointerenter", () => show(target));
    target.addEventListener("focusin", () => show(target));
    target.addEventListener("pointerleave", hide);
    target.addEventListener("focusout", hide);
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
}

function zoom(box, svg) {
  const whole = { ...plain(svg.viewBox.baseVal) };
  let view = { ...whole };
  const buttons = [...box.querySelectorAll("[data-map-zoom]")];

  const set = (next) => {
    const width = Math.min(whole.width, Math.max(whole.width / CLOSEST, next.width));
    const height = (width * whole.height) / whole.width;
    view = {
      width,
      height,
      x: Math.min(Math.max(next.x, whole.x), whole.x + whole.width - width),
      y: Math.min(Math.max(next.y, whole.y), whole.y + whole.height - height),
    };
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    const zoomed = view.width < whole.width - 0.5;
    svg.classList.toggle("zoomed", zoomed);
    for (const button of buttons) {
      button.disabled = button.dataset.mapZoom === "in"
        ? view.width <= whole.width / CLOSEST + 0.5
        : !zoomed;
    }
  };
  const by = (factor) => set({
    width: view.width * factor,
    x: view.x + (view.width * (1 - factor)) / 2,
    y: view.y + (view.height * (1 - factor)) / 2,
  });

  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (button.dataset.mapZoom === "in") by(1 / 1.5);
      else if (button.dataset.mapZoom === "out") by(1.5);
      else set(whole);
    });
  }
  let from = null;
  let dragged = false;
  svg.addEventListener("pointerdown", (event) => {
    if (view.width >= whole.width) return;
    from = { clientX: event.clientX, clientY: event.clientY, x: view.x, y: view.y };
    dragged = false;
  });
  svg.addEventListener("pointermove", (event) => {
    if (!from) return;
    const scale = view.width / svg.getBoundingClientRect().width;
    const right = (event.clientX - from.clientX) * scale;
    const down = (event.clientY - from.clientY) * scale;
    if (Math.hypot(right, down) > 3 * scale) dragged = true;
    set({ width: view.width, x: from.x - right, y: from.y - down });
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) svg.addEventListener(end, () => { from = null; });
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("click", (event) => { if (dragged) { event.preventDefault(); dragged = false; } }, true);
  // A district reached by Tab comes into view.
  svg.addEventListener("focusin", (event) => {
    if (view.width >= whole.width || !event.target.getBBox || from) return;
    const shape = event.target.getBBox();
    set({ width: view.width, x: shape.x + shape.width / 2 - view.width / 2, y: shape.y + shape.height / 2 - view.height / 2 });
  });
  set(whole);
}

function plain({ x, y, width, height }) {
  return { x, y, width, height };
}

export function mount(root) {
  for (const box of once(root, "[data-map]")) {
    const svg = box.querySelector("svg.map");
    if (!svg) continue;
    tooltip(box);
    zoom(box, svg);
  }
}
