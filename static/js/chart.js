// chart.js: draws the figure of every [data-plotly-chart]; its JSON is in the script tag that data-source-id names.
// Plotly is fetched when the first of them comes near the window: one below the fold or in a closed <details>
// costs nothing until somebody goes there.
import { once } from "./once.js";

const CONFIG = { displayModeBar: false, responsive: true, displaylogo: false };
const NEAR = "300px";
let loaded = null;

function plotly() {
  loaded ??= new Promise((resolve, reject) => {
    const held = document.querySelector("[data-plotly]");
    if (!held) { reject(new Error("页面没有说 Plotly 在哪里：请在 scripts 块里加 components/_plotly.html。")); return; }
    const script = document.createElement("script");
    script.src = held.dataset.plotly;
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => reject(new Error(`没有取到 ${script.src}`)));
    document.head.append(script);
  });
  return loaded;
}

// A figure names its colours and its font as the style sheet does, "var(--ink)"; Plotly wants their values.
function withTokens(value, styles) {
  if (typeof value === "string") {
    const token = /^var\((--[\w-]+)\)$/.exec(value);
    return token ? styles.getPropertyValue(token[1]).trim() : value;
  }
  if (Array.isArray(value)) return value.map((each) => withTokens(each, styles));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withTokens(each, styles)]));
  }
  return value;
}

async function draw(box) {
  const source = document.getElementById(box.dataset.sourceId);
  if (!source) throw new Error(`图表数据 #${box.dataset.sourceId} 不在页面上。`);
  const { data, layout } = withTokens(JSON.parse(source.textContent), getComputedStyle(document.documentElement));
  const library = await plotly();
  const wait = box.querySelector(".plot-wait");
  await library.newPlot(box, data, { autosize: true, ...layout }, CONFIG);
  wait?.remove();
  new ResizeObserver(() => { if (box.isConnected && box.offsetWidth) library.Plots.resize(box); }).observe(box);
}

const shown = new WeakSet();

function show(box) {
  if (shown.has(box)) return;
  shown.add(box);
  draw(box).catch((error) => {
    const wait = box.querySelector(".plot-wait");
    if (wait) wait.textContent = "图表没有画出来；同样的数据请看表格。";
    console.error(error);
  });
}

export function mount(root) {
  const seen = new IntersectionObserver((entries) => {
    for (const { target } of entries.filter((each) => each.isIntersecting)) {
      seen.unobserve(target);
      show(target);
    }
  }, { rootMargin: NEAR });
  for (const box of once(root, "[data-plotly-chart]")) {
    seen.observe(box);
    window.addEventListener("beforeprint", () => {
      seen.unobserve(box);
      show(box);
    }, { once: true });
  }
}
