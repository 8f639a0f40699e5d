"""The objects of the interface, in the words of JSON Schema as OpenAPI 3.0 has it."""

from typing import Any

AT = {"type": "string", "format": "date-time"}
TEXT = {"type": "string"}
TEXT_OR_NONE = {"type": "string", "nullable": True}
DAY_OR_NONE = {"type": "string", "format": "date", "nullable": True}
COUNT = {"type": "integer", "minimum": 0}


def whole(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An object that has all of these, always."""
    return {"type": "object", "properties": properties, "required": [*properties], **more}


ERROR = whole({"error": whole({"code": TEXT, "message": TEXT})})
REFUSALS = {
    400: "参数或正文读不懂；message 说明在哪里、怎样改。",
    401: "没有登录，或令牌无效、已过期、已吊销。",
    403: "须用令牌。",
    404: "没有这项内容，或不对您开放：两者的答复相同。",
    405: "这个地址不支持这种方法。",
    406: "没有这种格式。",
    409: "这个 Idempotency-Key 已用于另一份数据。",
    413: "超过 32 MB 或 100,000 条；请分几次发送。",
    415: "只收 JSON、NDJSON、CSV，不压缩或 gzip。",
    429: "请求太多；Retry-After 说明何时再来。",
    503: "查询超过时限；请缩小范围。",
}

VALUE = whole(
    {
        "section": TEXT,
        "indicator": TEXT,
        "sampled_at": AT,
        "value": TEXT_OR_NONE,
        "unit": TEXT,
        "flag": TEXT,
        "origin": {"type": "string", "enum": ["automatic", "manual", "joint", "reserve"]},
        "qualifier": {"type": "string", "nullable": True, "enum": ["below_limit", None]},
        "status": {"type": "string", "enum": ["valid", "not_counted", "withdrawn"]},
        "corrected": {"type": "boolean"},
        "recorded_at": AT,
        "batch": {"type": "integer", "nullable": True},
    },
    additionalProperties=False,
    example={
        "section": "PUSHUN", "indicator": "NH3-N", "sampled_at": "2026-10-31T20:00:00Z",
        "value": "0.310", "unit": "mg/L", "flag": "N", "origin": "automatic", "qualifier": None,
        "status": "valid", "corrected": False, "recorded_at": "2026-10-31T20:03:12.482913Z",
        "batch": 4711,
    },
)  # fmt: skip
CSV_VALUES = {
    "type": "string",
    "example": "section,indicator,sampled_at,value,unit,flag,origin,qualifier,status,corrected,"
    "recorded_at,batch\r\nPUSHUN,NH3-N,2026-10-31T20:00:00Z,0.310,mg/L,N,automatic,,valid,false,"
    "2026-10-31T20:03:12.482913Z,4711\r\n",
}

NAMED = whole({"code": TEXT, "name": TEXT})
SECTION_FIELDS: dict[str, Any] = {
    "code": TEXT,
    "name": TEXT,
    "river": {**NAMED, "nullable": True},
    "grade": {"type": "string", "enum": ["national", "municipal", "district", "town"]},
    "water_body": {"type": "string", "enum": ["river", "lake"]},
    "km": TEXT_OR_NONE,
    "lon": TEXT_OR_NONE,
    "lat": TEXT_OR_NONE,
    "upstream": {**NAMED, "nullable": True},
    "downstream": {**NAMED, "nullable": True},
    "target": TEXT_OR_NONE,
    "indicators": {"type": "array", "items": TEXT},
    "is_demo": {"type": "boolean"},
    "predecessor": TEXT_OR_NONE,
    "began_on": DAY_OR_NONE,
    "ended_on": DAY_OR_NONE,
    "modified_at": {**AT, "nullable": True},
}
SECTION = whole(SECTION_FIELDS, additionalProperties=False)
POINT = whole(
    {
        "type": {"type": "string", "enum": ["Point"]},
        "coordinates": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    },
    nullable=True,
)
FEATURE = whole(
    {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": TEXT,
        "geometry": POINT,
        "properties": {"type": "object", "additionalProperties": True},
    }
)
LINKED: dict[str, Any] = {"cut": {"type": "boolean"}, "next": TEXT_OR_NONE}
SECTIONS_GEOJSON = whole(
    {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": FEATURE},
        **LINKED,
    }
)


def page_of(name: str, item: dict[str, Any], *, until: bool = False) -> dict[str, Any]:
    """A page of items under that name; `until`: with the moment up to which it is complete."""
    more = {"complete_until": AT} if until else {}
    items = {"type": "array", "items": item}
    return whole({"version": {"type": "integer"}, name: items, **LINKED, **more})


READING_SENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "section": {"type": "string", "description": "令牌所属断面的编码"},
        "indicator": {"type": "string", "description": "指标代码、HJ 525 因子或名称"},
        "sampled_at": {**AT, "description": "带时区；不早于 2000 年，至多超前十分钟"},
        "value": {
            "oneOf": [{"type": "string"}, {"type": "number"}],
            "description": "照写的数，不经浮点；未检出写 0.025L 或 <0.025",
        },
        "unit": {"type": "string", "description": "须是指标的单位"},
        "flag": {"type": "string", "description": "质量标识，默认 N"},
        "origin": {"type": "string", "enum": ["automatic", "manual", "joint", "reserve"]},
    },
    "required": ["section", "indicator", "sampled_at", "value"],
    "additionalProperties": False,
    "example": {
        "section": "PUSHUN", "indicator": "NH3-N", "sampled_at": "2026-11-01T08:00:00+08:00",
        "value": "0.31",
    },
}  # fmt: skip
WRONG = whole({"index": COUNT, "field": TEXT, "value": TEXT, "reason": TEXT, "remedy": TEXT})
COUNTS: dict[str, Any] = {
    "rows": COUNT,
    "stored": COUNT,
    "duplicate": COUNT,
    "correction": COUNT,
    "rejected": COUNT,
    "doubted": COUNT,
    "batch": {"type": "integer", "nullable": True},
    "errors": {"type": "array", "items": WRONG},
    "errors_not_listed": COUNT,
}
RECEIVED = whole(
    COUNTS,
    example={
        "rows": 2, "stored": 2, "duplicate": 0, "correction": 0, "rejected": 0, "doubted": 0,
        "batch": 4712, "errors": [], "errors_not_listed": 0,
    },
)  # fmt: skip
REFUSED = whole({**ERROR["properties"], **COUNTS})
