"""Drafts for tests: complete ones, submitted ones, amendments."""

from datetime import date

from basins.models import Role, User
from basins.ranges import between
from settlements import rules
from settlements.agreements.services import drafts as services
from settlements.agreements.services.activation import activate_draft, ready, submit_draft
from settlements.agreements.services.amendments import start_amendment
from settlements.agreements.services.difference import difference
from settlements.models import AgreementDraft
from settlements.rules.parameters import with_defaults
from tests.past import established
from tests.worlds import Border


def person(name: str) -> User:
    user = User.objects.create(username=name, display_name=name)
    with established():
        Role.objects.create(user=user, role="admin", in_force=between(date(2018, 1, 1)))
    return user


def content(world: Border, *, rule="baseline", start="2023-01-01", code="NEWONE", **given):
    """The values of every step of a complete draft."""
    stored = with_defaults(
        rules.get(rule).parameters, given, on=date.fromisoformat(start), source="第六条"
    )
    return {
        "parties": {
            "title": "新河协议",
            "code": code,
            "parties": [
                {"jurisdiction": world.upstream.code, "role": "signatory"},
                {"jurisdiction": world.downstream.code, "role": "signatory"},
            ],
        },
        "river": {
            "river": world.river.code,
            "sections": [
                {
                    "section": "BORDER",
                    "upstream": world.upstream.code,
                    "downstream": world.downstream.code,
                    "inflow": None,
                    "share": "1",
                }
            ],
        },
        "rule": {"rule": rule, "parameters": stored},
        "term": {
            "from": start,
            "until": None,
            "signed_on": "2022-12-01",
            "source": "协议文本",
            "clauses": [{"key": "第六条", "words": "按基准核算。"}],
        },
    }


def fill(draft, steps, by):
    for step, values in steps.items():
        draft = services.save_step(draft=draft, step=step, by=by, values=values)
    return draft


def submitted(world, by, **kwargs) -> AgreementDraft:
    draft = fill(services.start_draft(by=by), content(world, **kwargs), by)
    return submit_draft(draft=draft, by=by)


def amended(agreement, on, by, *, strand="main", steps=None, **given) -> AgreementDraft:
    """A submitted amendment from that day with these parameters (and whole steps) changed."""
    draft = start_amendment(agreement=agreement, from_date=on, by=by, strand=strand, reason="补充")
    if "rule" in draft.data:
        rule = draft.data["rule"]["values"]
        for name, value in given.items():
            rule["parameters"][name] = {"value": value, "source": "补充协议", "is_default": False}
        draft = services.save_step(draft=draft, step="rule", by=by, values=rule)
    draft = fill(draft, steps or {}, by)
    return submit_draft(draft=draft, by=by, confirmed=published_in(draft))


def published_in(draft: AgreementDraft) -> int:
    """How many published months the draft would propose to adjust."""
    return len(difference(draft, ready(draft)).fixed)


def put_in_force(draft: AgreementDraft, by):
    draft.refresh_from_db()
    return activate_draft(draft=draft, version=draft.version, by=by, confirmed=published_in(draft))
