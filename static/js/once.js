// once.js: every element under root (root included) that matches and is not mounted yet for this behaviour.
const mounted = new Map();

export function once(root, selector) {
  const seen = mounted.get(selector) ?? new WeakSet();
  mounted.set(selector, seen);
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  const fresh = found.filter((element) => !seen.has(element));
  for (const element of fresh) seen.add(element);
  return fresh;
}
