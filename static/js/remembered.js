// remembered.js: choices kept in this browser; without storage (private mode) they last for the page.
const fallback = new Map();

export function recall(name, otherwise) {
  try {
    const text = localStorage.getItem(name);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return fallback.has(name) ? fallback.get(name) : otherwise;
  }
}

export function remember(name, value) {
  fallback.set(name, value);
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Storage refused: the fallback above holds it until the page is left.
  }
}
