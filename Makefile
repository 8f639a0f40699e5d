# What each target does: `make help`.
PYTHON ?= python3
PORT ?= 8000
ARGS ?=
BIN := .venv/bin
export PORT
# Byte code is kept whatever the surroundings say: the tests and the demo start processes by the
# dozen, and each would compile the project (and pytest every test) anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup browser demo test long planted lint pictures bench

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup:  ## make .venv from requirements.lock (again only when the lock changes)
	@if $(BIN)/python -c '' 2>/dev/null && cmp -s requirements.lock .venv/installed.lock; then exit 0; fi; \
	set -e; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "需要 Python 3.11 或更高版本:请安装,或用 make PYTHON=python3.12 … 指定。 (Python 3.11 or newer is needed: install it, or name it by PYTHON=.)" >&2; exit 1; }; \
	echo "正在创建 .venv 并安装 requirements.lock,约一分钟…… (making .venv, about a minute)"; \
	if ! $(BIN)/python -c '' 2>/dev/null; then \
	  $(PYTHON) -m venv --clear .venv || { \
	    echo "无法创建 .venv;在 Debian 上请先 apt-get install python3-venv。 (On Debian install python3-venv first.)" >&2; exit 1; }; \
	fi; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	cp requirements.lock .venv/installed.lock

browser:  ## install Chromium and Chinese fonts for the tests, if absent (apt)
	@missing=""; \
	command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || \
	  missing="chromium-headless-shell"; \
	ls /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc >/dev/null 2>&1 || missing="$$missing fonts-noto-cjk"; \
	[ -n "$$missing" ] || exit 0; \
	as=""; [ "$$(id -u)" = 0 ] || as="sudo -n"; \
	echo "浏览器测试需要 $$missing:正在用 apt 安装…… (installing $$missing by apt for the browser tests)"; \
	{ $$as apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as apt-get install -y -qq --no-install-recommends $$missing >/dev/null; } || { \
	  echo "安装失败:请以管理员身份运行 apt-get install --no-install-recommends $$missing。 (Install them as an administrator.)" >&2; exit 1; }

demo: setup  ## run the whole system on http://127.0.0.1:8000/ (PORT=, VAR_DIR=)
	@exec $(BIN)/python manage.py demo

test: setup browser  ## run all tests (ARGS="-k name" for some)
	@exec $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

long: setup  ## the long forms of the simulations, which make test leaves out
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m long $(ARGS)
	@LAWS=1000 exec $(BIN)/python -m pytest -n 2 tests/settlements/rules/test_properties.py

planted: setup  ## plant every bug of tests/planted/ and see it caught (ARGS="07" for one)
	@exec $(BIN)/python -m tests.planted.run $(ARGS)

lint: setup  ## style, types, import rules, missing migrations; all of them, then the verdict
	@status=0; \
	run() { echo "== $$*"; "$$@" || status=1; }; \
	run $(BIN)/ruff check .; \
	run $(BIN)/ruff format --check .; \
	run $(BIN)/python -m config.template_lines; \
	run $(BIN)/lint-imports; \
	run $(BIN)/mypy; \
	run env VAR_DIR=$${VAR_DIR:-var/lint} $(BIN)/python manage.py makemigrations --check --dry-run; \
	exit $$status

# The long ones take ten minutes to an hour and have arguments of their own (docs/correctness.md).
LONG_BENCHES := benchmarks/bank.py benchmarks/faults.py benchmarks/kills.py benchmarks/simulate.py benchmarks/live.py
BENCHES := $(filter-out benchmarks/bench.py benchmarks/grown.py $(LONG_BENCHES),$(wildcard benchmarks/*.py))
pictures: setup  ## the pictures of the help, taken on the way from an empty installation to its first month
	mkdir -p static/help
	PICTURES=static/help $(BIN)/python -m pytest -q -n 0 tests/first_day

bench: setup  ## run the benchmarks in benchmarks/ but the five long ones
	@set -e; for file in $(BENCHES); do echo "== $$file"; $(BIN)/python "$$file"; done
