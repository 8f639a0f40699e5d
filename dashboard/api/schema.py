"""The interface as OpenAPI 3, made by drf-spectacular from the endpoints and the forms that stand here.

What an endpoint takes and gives is said where its form is written: values by the rows of formats.py,
explanations by their dataclasses. /api/schema/ gives the document, /api/ shows it as a page.
"""

import dataclasses
import types
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from dashboard.api.asked import LIMIT, MOST
from dashboard.api.schema_parts import (
    CSV_VALUES,
    ERROR,
    READING_SENT,
    RECEIVED,
    REFUSALS,
    REFUSED,
    SECTION,
    SECTIONS_GEOJSON,
    VALUE,
    page_of,
)

JSON, CSV, NDJSON, GEOJSON = (
    "application/json",
    "text/csv",
    "application/x-ndjson",
    "application/geo+json",
)
TEXT = {"type": "string"}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "dashboard.api.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "生态环境局签发的令牌，rc_ 开头。",
        }


# Parameters -------------------------------------------------------------------------------


def query(name: str, words: str, *, example: Any = None, **schema: Any) -> OpenApiParameter:
    examples = [OpenApiExample(name, value=example)] if example is not None else []
    return OpenApiParameter(
        name,
        {"type": "string", **schema},
        OpenApiParameter.QUERY,
        description=words,
        examples=examples,
    )


def form(*names: str) -> OpenApiParameter:
    return query("format", "答复的格式；也可写在 Accept 里。", enum=list(names))


SECTION_CODES = query("section", "断面编码，可写几个（逗号分开，或重复参数）。", example="PUSHUN")
INDICATORS = query("indicator", "指标代码、HJ 525 因子或名称，可写几个。", example="NH3-N,w21011")
MODIFIED = query(
    "modified_since", "此后入库、更正、审核或撤出的；日期，或带时区的时间。", example="2026-11-01"
)
PAGES = [
    query("limit", f"一次最多多少条，默认 {LIMIT}。", type="integer", minimum=1, maximum=MOST),
    query("cursor", "从哪里接着取；照上一次答复的 next，不要自己写。"),
]
OF_READINGS = [
    SECTION_CODES,
    INDICATORS,
    query("origin", "来源，可写几个：automatic、manual、joint、reserve。", example="automatic"),
    query("flag", "质量标识，可写几个，如 N。", example="N"),
    query("from", "采样时间自；日期（北京时间），或带时区的时间。", example="2026-10-01"),
    query("to", "采样时间至；日期含当日，时间不含。", example="2026-10-31"),
    MODIFIED,
    *PAGES,
    form("json", "csv"),
]
OF_NEWEST = [
    SECTION_CODES,
    INDICATORS,
    query("status", "valid：最近一个参与计算的值。", enum=["valid"]),
    form("json", "csv"),
]
OF_SECTIONS = [
    query("river", "河流代码。"),
    query("grade", "级别。", enum=["national", "municipal", "district", "town"]),
    MODIFIED,
    *PAGES,
    form("json", "csv", "geojson"),
]
KNOWN = query(
    "known", "所知日期：按那时所知，如 2024-03-05 或 2024-03-05T14:30。", example="2024-03-05"
)
PARTIAL = query("partial", "true：好的入库，有误的逐条说明。", enum=["true", "false"])
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 200, "pattern": "^[ -~]*$"},
    OpenApiParameter.HEADER,
    description="七天内同一键同一份数据只入库一次，再发得到原来的答复。",
)


# Answers ----------------------------------------------------------------------------------


def refused(*statuses: int) -> dict[Any, OpenApiResponse]:
    """The error document of each of these."""
    return {(status, JSON): OpenApiResponse(ERROR, REFUSALS[status]) for status in statuses}


def given(words: str, **forms: Any) -> dict[Any, OpenApiResponse]:
    return {
        (200, kind): OpenApiResponse(schema, words)
        for kind, schema in ((globals()[name], schema) for name, schema in forms.items())
    }


READ = refused(400, 401, 404, 406, 429, 503)
READINGS_READ = extend_schema(
    operation_id="readings_list",
    summary="取监测数据",
    description="按断面、指标、时间、来源的次序，一次至多一万条；没有取完的，next 是下一页的地址。",
    parameters=OF_READINGS,
    responses={
        **given("数据", JSON=page_of("readings", VALUE, until=True), CSV=CSV_VALUES),
        **READ,
    },
    tags=["readings"],
)
READINGS_SENT = extend_schema(
    operation_id="readings_create",
    summary="报送监测数据",
    description="一次至多 100,000 条、32 MB，可用 gzip；默认全部入库或全不入库。只能用令牌。",
    parameters=[PARTIAL, KEY, OpenApiParameter("format", exclude=True)],
    request={
        JSON: {
            "oneOf": [
                {"type": "array", "items": READING_SENT},
                {
                    "type": "object",
                    "properties": {"readings": {"type": "array", "items": READING_SENT}},
                    "required": ["readings"],
                },
            ]
        },
        NDJSON: TEXT,
        CSV: TEXT,
    },
    responses={
        (201, JSON): OpenApiResponse(RECEIVED, "已入库；errors 是没有收下的。"),
        (422, JSON): OpenApiResponse(REFUSED, "有误，全部没有入库。"),
        **refused(400, 401, 403, 406, 409, 413, 415, 429, 503),
    },
    tags=["readings"],
)
NEWEST_READ = extend_schema(
    operation_id="readings_latest",
    summary="取最近的数据",
    description="每个断面每项指标最近的一个值，一次取完。",
    parameters=OF_NEWEST,
    responses={**given("数据", JSON=page_of("readings", VALUE), CSV=CSV_VALUES), **READ},
    tags=["readings"],
)
SECTIONS_READ = extend_schema(
    operation_id="sections_list",
    summary="取断面",
    description="断面的位置、河流、上下游、目标和监测过的指标；GeoJSON 可直接在 QGIS 中打开。",
    parameters=OF_SECTIONS,
    responses={
        **given("断面", JSON=page_of("sections", SECTION), CSV=TEXT, GEOJSON=SECTIONS_GEOJSON),
        **READ,
    },
    tags=["sections"],
)


def explained(operation: str, summary: str, form: Callable[[], dict[str, Any]]) -> Any:
    """Of an explanation, whose form follows from its dataclass."""
    return extend_schema(
        operation_id=operation,
        summary=summary,
        description="金额为什么是这个数：事实、条款、逐行的计算、读数和参数。",
        parameters=[KNOWN],
        responses={
            (200, JSON): OpenApiResponse(form(), "说明"),
            **refused(400, 401, 404, 406, 503),
        },
        tags=["explanations"],
    )


# A dataclass as it is answered --------------------------------------------------------------


def form_of(kind: Any) -> dict[str, Any]:
    """The schema of a value of that type, as `plain` writes it: Decimals as text."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (one,) = (each for each in parts if each is not types.NoneType)
        found = form_of(one)
        return {**found, "nullable": True} if found else {}
    if origin in (tuple, list):
        return {"type": "array", "items": form_of(parts[0])}
    if dataclasses.is_dataclass(kind):
        return object_of(kind)
    return dict(SIMPLE.get(origin or kind, {}))


def object_of(kind: Any, **more: dict[str, Any]) -> dict[str, Any]:
    """The schema of a dataclass: all of its fields, always there; `more`: beside them."""
    hints = get_type_hints(kind)
    fields = {each.name: form_of(hints[each.name]) for each in dataclasses.fields(kind)}
    return {"type": "object", "properties": {**fields, **more}, "required": [*fields]}


SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Decimal: {"type": "string", "format": "decimal"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    dict: {"type": "object", "additionalProperties": True},
}


# The document -----------------------------------------------------------------------------


@cache
def document() -> dict[str, Any]:
    """The whole of it; the same for everyone."""
    return SchemaGenerator().get_schema(request=None, public=True)
