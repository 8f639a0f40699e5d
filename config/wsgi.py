"""The WSGI application: `gunicorn config.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from config.embedded.default import acquire_if_embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

acquire_if_embedded()
application = get_wsgi_application()
