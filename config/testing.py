"""pytest plugin (`-p config.testing`): tests have an installation of their own, var/test.

Loaded before Django's settings, which read the environment once.
"""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
os.environ["VAR_DIR"] = os.environ.get("TEST_VAR_DIR", str(HERE / "var" / "test"))
os.environ["INSTALLATION"] = "demo"
os.environ["WHITENOISE_USE_FINDERS"] = "on"
# Where collected static files would be: whitenoise warns about a folder that is not there.
(Path(os.environ["VAR_DIR"]) / "static").mkdir(parents=True, exist_ok=True)
# Tests lose nothing in a power cut: the embedded database may skip its syncs.
os.environ["EMBEDDED_POSTGRES_UNSAFE"] = "1"


def pytest_configure(config):
    from config.embedded.default import acquire_if_embedded

    acquire_if_embedded()
