"""What a page must look like wherever it stands: read off the layout of a browser.

Pages come as text, with their style sheets and without scripts: one window shows all of them.
"""

import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from playwright.sync_api import Page

GAP = 4  # CSS pixels a button stands off a line
TARGET = 24  # WCAG 2.2, 2.5.8: CSS pixels of what is pressed

# Exempt of the size: a link within a sentence, and drawings.
LOOK = """([GAP, TARGET]) => {
  const found = [], box = e => e.getBoundingClientRect();
  const head = e => e.closest('thead');  // clipped where rows are cards
  const seen = e => e.checkVisibility({visibilityProperty: true})
    && !e.closest('svg, .visually-hidden, .skip-link')
    && !(head(e) && getComputedStyle(head(e)).clipPath !== 'none');
  const name = e => e.tagName.toLowerCase() + ' “'
    + (e.innerText || e.name || '').trim().replace(/\\s+/g, ' ').slice(0, 30) + '”';
  const inText = e => e.matches('a') && getComputedStyle(e).display === 'inline'
    && [...e.parentElement.childNodes].some(n => n !== e && n.textContent.trim());

  for (const e of document.querySelectorAll(
      'a[href], button, input:not([type=hidden]), select, textarea, summary')) {
    if (!seen(e) || inText(e)) continue;
    const boxes = [e, ...(e.labels || [])].map(box);
    const width = Math.max(...boxes.map(r => r.width));
    const height = Math.max(...boxes.map(r => r.height));
    if (width > 1 && Math.min(width, height) < TARGET - .5)
      found.push(`${name(e)} is ${Math.round(width)} × ${Math.round(height)}`);
  }

  const buttons = [...document.querySelectorAll('main .button')].filter(seen).map(e => [e, box(e)]);
  const near = (y, b) => Math.min(Math.abs(y - b.top), Math.abs(y - b.bottom)) < GAP;
  for (const e of buttons.length ? document.querySelectorAll('main *') : []) {
    if (e.matches('.button, input, select, textarea, option')) continue;
    const r = box(e);
    for (const [button, b] of buttons) {
      if (!r.width || r.right <= b.left || b.right <= r.left || button.contains(e)) continue;
      const top = near(r.top, b), bottom = near(r.bottom, b);
      if (!top && !bottom) continue;
      const style = getComputedStyle(e);
      const touches = top && parseFloat(style.borderTopWidth)
        || bottom && parseFloat(style.borderBottomWidth);
      if (touches && style.display !== 'inline' && seen(e))
        found.push(`${name(button)} touches a line of ${name(e)}`);
    }
  }
  return found;
}"""


def with_styles(html: str) -> str:
    """A page that stands alone: its style sheets within, its scripts left out."""
    html = re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.DOTALL)
    return re.sub(r'<link rel="(?:stylesheet|icon)"[^>]*href="/static/([^"]+)"[^>]*>', _style, html)


def _style(link: re.Match) -> str:
    return f"<style>{_text_of(link[1])}</style>" if link[1].endswith(".css") else ""


@cache
def _text_of(name: str) -> str:
    return Path(finders.find(name)).read_text()


def wrong_looks(page: Page) -> list[str]:
    """Targets too small and buttons that touch a line, of what the page shows."""
    return page.evaluate(LOOK, [GAP, TARGET])
