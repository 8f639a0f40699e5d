"""The one line of text that an input digest makes of facts."""

import json

from settlements.rules.facts import Facts


def canonical(facts: Facts) -> str:
    return json.dumps(facts.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
