# The image of web, worker and beat in compose.yaml.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/app

COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY . .
ENV INSTALLATION=production VAR_DIR=/srv/var
# Static files need the settings, not a database; this key signs nothing.
RUN useradd --system --home-dir /srv/var app \
 && mkdir -p /srv/var/media /srv/var/beat \
 && SECRET_KEY=only-for-collectstatic python manage.py collectstatic --noinput --verbosity 0 \
 && chown -R app /srv/var
USER app

EXPOSE 8000
CMD ["gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", \
     "--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
