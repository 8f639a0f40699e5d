"""The OpenAPI document as people read it."""

from dataclasses import dataclass
from typing import Any

from dashboard.api.schema import document
from dashboard.api.schema_parts import READING_SENT, REFUSALS

ORDER = (
    "readings_create", "readings_list", "readings_latest", "sections_list", "accrual_explanation",
    "month_explanation",
)  # fmt: skip
PLACES = {"query": "参数", "path": "地址", "header": "请求头"}
NAMES = {"integer": "整数", "string": "文本", "boolean": "是否"}


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    place: str
    kind: str
    words: str
    example: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    id: str
    method: str
    path: str
    title: str
    words: str
    who: str
    parameters: tuple[Parameter, ...]
    curl: str
    python: str


@dataclass(frozen=True, slots=True)
class Written:
    """A field of a reading that is sent."""

    name: str
    needed: bool
    words: str
    example: str


def endpoints(site: str) -> list[Endpoint]:
    """In the order one comes to need them. `site`: where this installation answers."""
    found = {
        operation["operationId"]: _endpoint(method, path, operation, site)
        for path, item in document()["paths"].items()
        for method, operation in item.items()
    }
    return [found[name] for name in ORDER]


def answers() -> list[tuple[int, str]]:
    """Each status and what it means, wherever it is given."""
    return sorted(
        {
            200: "取到的内容。",
            201: "已入库；errors 是没有收下的。",
            422: "有误，没有入库；errors 逐条说明。",
        }.items()
        | REFUSALS.items()
    )


def _endpoint(method: str, path: str, operation: dict[str, Any], site: str) -> Endpoint:
    name = operation["operationId"]
    by_token = any("token" in each for each in operation["security"])
    curl, python = _examples(name, site + path)
    return Endpoint(
        id=name,
        method=method.upper(),
        path=path,
        title=operation["summary"],
        words=operation.get("description", ""),
        who="令牌" if name == "readings_create" else "令牌或登录" if by_token else "登录",
        parameters=tuple(_parameter(each) for each in operation.get("parameters", ())),
        curl=curl,
        python=python,
    )


def _parameter(each: dict[str, Any]) -> Parameter:
    schema = each["schema"]
    examples = [example["value"] for example in each.get("examples", {}).values()]
    choices = "、".join(schema.get("enum", ()))
    return Parameter(
        name=each["name"],
        place=PLACES[each["in"]],
        kind=choices or NAMES[schema["type"]],
        words=each.get("description", ""),
        example=str(examples[0]) if examples else "",
    )


# Examples ---------------------------------------------------------------------------------

HEADER = '-H "Authorization: Bearer $TOKEN"'
ASKED = {
    "readings_list": "?section=PUSHUN&indicator=NH3-N,TP&from=2026-10-01&to=2026-10-31",
    "readings_latest": "?section=PUSHUN&format=csv",
    "sections_list": "?format=geojson&limit=10000",
}
READ = """\
import json, urllib.request

def pages(address):
    while address:
        request = urllib.request.Request(
            "{site}" + address, headers={{"Authorization": f"Bearer {{token}}"}}
        )
        page = json.load(urllib.request.urlopen(request))
        yield page
        address = page["next"]

for page in pages("{path}"):
    for each in page["{items}"]:
        print(each)
"""
SEND = """\
import json, urllib.request

readings = [
    {{"section": "PUSHUN", "indicator": "NH3-N", "value": "0.31",
     "sampled_at": "2026-11-01T08:00:00+08:00"}},
]
request = urllib.request.Request(
    "{address}",
    data=json.dumps(readings).encode(),
    headers={{
        "Authorization": f"Bearer {{token}}",
        "Content-Type": "application/json",
        "Idempotency-Key": "2026-11-01-a",
    }},
)
print(json.load(urllib.request.urlopen(request)))
"""
SEND_CURL = """\
curl {header} -H "Content-Type: application/json" \\
  -H "Idempotency-Key: 2026-11-01-a" \\
  -d '[{{"section": "PUSHUN", "indicator": "NH3-N", "value": "0.31",
        "sampled_at": "2026-11-01T08:00:00+08:00"}}]' \\
  "{address}"
"""


def _examples(name: str, address: str) -> tuple[str, str]:
    """In curl and in Python; '' where a session is needed, which a browser has."""
    if name == "readings_create":
        given = {"header": HEADER, "address": address}
        return SEND_CURL.format(**given), SEND.format(**given)
    if name not in ASKED:
        return "", ""
    curl = f'curl {HEADER} \\\n  "{address}{ASKED[name]}"\n'
    site, _, path = address.partition("/api/")
    items = "sections" if name == "sections_list" else "readings"
    asked = "" if name != "readings_list" else ASKED[name]
    return curl, READ.format(site=site, path=f"/api/{path}{asked}", items=items)


WRITTEN = tuple(
    Written(
        name,
        name in READING_SENT["required"],
        form.get("description", "、".join(form.get("enum", ()))),
        str(READING_SENT["example"].get(name, "")),
    )
    for name, form in READING_SENT["properties"].items()
)
