"""A mapping as it is given: heading → field, indicator, or that the column is not read.

{"氨氮浓度": {"as": "NH3-N", "unit": "mg/L"}, "测点": "断面名称", "内部编号": "ignore"}
"""

from typing import Any

from written.headings import normal
from written.text import FileError, shown

from .headings import role_named
from .ways import IGNORE, Taken

_IGNORED = frozenset({"ignore", "忽略", "不读", "不导入"})


def read_mapping(given: Any) -> dict[str, Taken]:
    """The mapping that a JSON object says. Raises FileError naming every entry that is none."""
    if not isinstance(given, dict):
        raise FileError("列对应关系应是 JSON 对象：{“列标题”: “字段或指标”}。")
    found: dict[str, Taken] = {}
    wrong: list[str] = []
    for heading, said in given.items():
        name, unit = (
            (said.get("as"), said.get("unit", "")) if isinstance(said, dict) else (said, "")
        )
        if not isinstance(name, str) or not isinstance(unit, str) or not normal(heading):
            wrong.append(shown(str(heading)))
        elif normal(name) in _IGNORED:
            found[normal(heading)] = Taken(IGNORE)
        elif (role := role_named(name)) is None:
            wrong.append(f"{shown(heading)}→{shown(name)}")
        else:
            found[normal(heading)] = Taken(*role, unit)
    if wrong:
        raise FileError(
            f"列对应关系有误：{'、'.join(wrong)}；"
            "应对应到字段（断面名称、断面编码、采样时间、来源、数据标识、指标、数值、单位 …）、"
            "指标代码（如 NH3-N），或 ignore（不读）。"
        )
    return found
