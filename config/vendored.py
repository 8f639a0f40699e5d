"""Static files that wheels carry: served under vendor/, never copied into the repository."""

import importlib.util
from pathlib import Path

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

# address under STATIC_URL → (package, path inside it); the file keeps its name
VENDORED = {
    "vendor/plotly.min.js": ("plotly", "package_data/plotly.min.js"),
    "vendor/htmx-2.min.js": ("django_htmx", "static/django_htmx/htmx-2.min.js"),
}


def file_of(package: str, inside: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise LookupError(f"The package {package} is not installed; run `make setup`.")
    return Path(spec.origin).parent / inside


class WheelFinder(BaseFinder):
    """Finds the files of VENDORED, for runserver and collectstatic alike."""

    def check(self, **kwargs):
        return []

    def find(self, path, find_all=False, **kwargs):
        entry = VENDORED.get(str(path).replace("\\", "/"))
        found = [str(file_of(*entry))] if entry else []
        return found if find_all else (found[0] if found else None)

    def list(self, ignore_patterns):
        for address, (package, inside) in VENDORED.items():
            file = file_of(package, inside)
            storage = FileSystemStorage(location=file.parent)
            storage.prefix = str(Path(address).parent)  # type: ignore[attr-defined]
            yield file.name, storage
