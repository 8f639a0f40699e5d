"""Names each line of a template that is too long to be read in a diff; part of `make lint`."""

import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 120  # characters
TEMPLATES = Path(__file__).parent.parent / "templates"


def too_long(folder: Path) -> Iterator[str]:
    """`file:line: length` of each line over the longest, in the order of files and lines."""
    for file in sorted(folder.rglob("*.html")):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            if len(line) > LONGEST:
                yield f"{file}:{number}: {len(line)} characters, at most {LONGEST}"


if __name__ == "__main__":
    found = list(too_long(TEMPLATES))
    print("\n".join(found) or "All lines of templates are short enough.")
    sys.exit(bool(found))
