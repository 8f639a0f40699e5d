"""The workflow as data: which state each thing may reach, by what event, and who may cause it.

One table for notices, months, objections, adjustments, years, refusals of these, payments and
stopped runs. The
pages offer what it allows, services check it, and a trigger on every table with a state
refuses what it does not name, also to SQL (guards/_state_moves.sql). docs/workflow.md is drawn
from it, and guards/_moves.sql, which the trigger reads.

`who` None is the system itself: a deadline that passed, data that changed, a balance that
came to zero. `not_by` names the events whose doers may not do this one (two-person rule).
"""

from dataclasses import dataclass
from enum import StrEnum

from basins.access import Act


@dataclass(frozen=True, slots=True)
class Move:
    """One line. `source` "" makes the thing. `guard`, `effect`: in words, for people."""

    thing: str
    event: str
    source: str
    target: str
    who: Act | None
    words: str
    guard: str = ""
    effect: str = ""
    not_by: tuple[str, ...] = ()


MOVES: tuple[Move, ...] = (
    # 月通报: prepared by one person, signed off by another.
    Move("notice", "prepare", "", "prepared", Act.PUBLISH, "编制月通报",
         "当月各协议断面均已核算，没有待重算的数据", "编号，内容按此刻冻结"),
    Move("notice", "sign_off", "prepared", "published", Act.PUBLISH, "签发月通报",
         "编制后数据没有变动", "月核算转为已发布，异议期开始，通知各方", ("prepare",)),
    Move("notice", "return", "prepared", "returned", Act.PUBLISH, "退回月通报",
         "须写明理由", "可重新编制"),
    # 一个协议的一个月
    Move("month", "publish", "", "published", Act.PUBLISH, "发布", "随月通报签发"),
    Move("month", "confirm", "published", "confirmed", Act.CONFIRM, "确认",
         "协议各方均已确认"),
    Move("month", "lapse", "published", "confirmed", None, "逾期视为确认",
         "异议期届满，没有异议"),
    Move("month", "object", "published", "objected", Act.OBJECT, "提出异议",
         "在异议期内"),
    Move("month", "withdraw", "objected", "published", Act.OBJECT, "撤回异议",
         "全部异议已撤回"),
    Move("month", "decide", "objected", "decided", Act.DECIDE, "裁决",
         "全部异议已有裁决"),
    Move("month", "finalise", "confirmed", "final", None, "定稿",
         "没有待审的调整"),
    Move("month", "finalise", "decided", "final", None, "定稿",
         "没有待审的调整"),
    # 异议
    Move("objection", "raise", "", "raised", Act.OBJECT, "提出异议",
         "在异议期内，须有理由", "市局与对方收到通知"),
    Move("objection", "answer", "raised", "answered", Act.OBJECT, "答复异议",
         "由协议另一方"),
    Move("objection", "withdraw", "raised", "withdrawn", Act.OBJECT, "撤回异议",
         "由提出方"),
    Move("objection", "withdraw", "answered", "withdrawn", Act.OBJECT, "撤回异议",
         "由提出方"),
    Move("objection", "remeasure", "raised", "remeasuring", Act.DECIDE, "责令复测"),
    Move("objection", "remeasure", "answered", "remeasuring", Act.DECIDE, "责令复测"),
    Move("objection", "accept", "raised", "accepted", Act.DECIDE, "采纳异议",
         "须写明理由与数据处理", "改数据，不改金额；重算后提出调整"),
    Move("objection", "accept", "answered", "accepted", Act.DECIDE, "采纳异议",
         "须写明理由与数据处理", "改数据，不改金额；重算后提出调整"),
    Move("objection", "accept", "remeasuring", "accepted", Act.DECIDE, "采纳异议",
         "复测结果已录入", "改数据，不改金额；重算后提出调整"),
    Move("objection", "reject", "raised", "rejected", Act.DECIDE, "驳回异议", "须写明理由"),
    Move("objection", "reject", "answered", "rejected", Act.DECIDE, "驳回异议", "须写明理由"),
    Move("objection", "reject", "remeasuring", "rejected", Act.DECIDE, "驳回异议",
         "复测结果已录入，须写明理由"),
    # 调整: what a published or closed month should be after a correction.
    Move("adjustment", "propose", "", "proposed", None, "提出调整",
         "重算结果与已发布的不同"),
    Move("adjustment", "propose", "withdrawn", "proposed", None, "提出调整",
         "更正再次成立"),
    Move("adjustment", "withdraw", "proposed", "withdrawn", None, "撤回调整",
         "更正已撤销或被新的更正取代"),
    Move("adjustment", "withdraw", "reviewed", "withdrawn", None, "撤回调整",
         "更正已撤销或被新的更正取代"),
    Move("adjustment", "review", "proposed", "reviewed", Act.ADJUST, "提请批准调整",
         "须写明理由"),
    Move("adjustment", "return", "reviewed", "proposed", Act.ADJUST, "退回调整"),
    Move("adjustment", "decline", "proposed", "declined", Act.ADJUST, "提请不予调整",
         "须写明理由，并说明背后的认定如何处理"),
    Move("adjustment", "return", "declined", "proposed", Act.ADJUST, "退回调整"),
    Move("adjustment", "withdraw", "declined", "withdrawn", None, "撤回调整",
         "更正已撤销或被新的更正取代"),
    Move("adjustment", "dismiss", "declined", "dismissed", Act.ADJUST, "不予调整", "",
         "已发布的结果不变；背后的认定按提请时所写继续有效或撤销", ("decline",)),
    Move("adjustment", "approve", "reviewed", "approved", Act.ADJUST, "批准调整",
         "年度未关账的计入该年，已关账的记入当前年度台账", "净额随之改变", ("review",)),
    # 年度结算
    Move("settlement", "compute", "", "open", None, "核算"),
    Move("settlement", "sign_data", "open", "signed", Act.SIGN_YEAR, "签认年度数据",
         "十二个月均已定稿，各方均已签认"),
    Move("settlement", "lapse", "open", "signed", None, "逾期视为签认",
         "催办后逾期不表态，条款规定视为确认"),
    Move("settlement", "void", "signed", "open", None, "签认作废", "签认后数据有变"),
    Move("settlement", "confirm", "signed", "confirmed", Act.SIGN_YEAR, "确认年度金额",
         "各方均已确认"),
    Move("settlement", "lapse", "signed", "confirmed", None, "逾期视为确认",
         "催办后逾期不表态，条款规定视为确认；或未采纳的异议逾期未报共同上级"),
    Move("settlement", "void", "confirmed", "open", None, "签认作废", "签认后数据有变"),
    Move("settlement", "prepare", "confirmed", "prepared", Act.CLOSE, "提请关账",
         "过渡账户为零"),
    Move("settlement", "return", "prepared", "confirmed", Act.CLOSE, "退回关账"),
    Move("settlement", "void", "prepared", "open", None, "签认作废", "签认后数据有变"),
    Move("settlement", "close", "prepared", "closed", Act.CLOSE, "关账",
         "过渡账户为零，金额与签认时一致", "月核算转为已结清，记一笔平衡凭证", ("prepare",)),
    Move("settlement", "clear", "closed", "cleared", None, "清缴完毕", "各方余额为零"),
    Move("settlement", "reopen_debt", "cleared", "closed", None, "恢复待缴",
         "付款被冲销，或关账后的调整使一方又有应付"),
    # 不予确认年度金额
    Move("refusal", "raise", "", "raised", Act.SIGN_YEAR, "不予确认年度金额",
         "在签认期内，须有理由", "市局与其他方收到通知；年度不能确认"),
    Move("refusal", "answer", "raised", "answered", Act.SIGN_YEAR, "答复不予确认",
         "由协议另一方"),
    Move("refusal", "withdraw", "raised", "withdrawn", Act.SIGN_YEAR, "撤回不予确认",
         "由提出方"),
    Move("refusal", "withdraw", "answered", "withdrawn", Act.SIGN_YEAR, "撤回不予确认",
         "由提出方"),
    Move("refusal", "withdraw", "rejected", "withdrawn", Act.SIGN_YEAR, "撤回不予确认",
         "由提出方"),
    *(Move("refusal", "void", state, "withdrawn", None, "金额有变，不再处理", "所拒的金额已变")
      for state in ("raised", "answered", "rejected", "escalated")),
    Move("refusal", "accept", "raised", "accepted", Act.DECIDE, "采纳不予确认",
         "须写明理由", "各方签认作废，更正数据后重新签认"),
    Move("refusal", "accept", "answered", "accepted", Act.DECIDE, "采纳不予确认",
         "须写明理由", "各方签认作废，更正数据后重新签认"),
    Move("refusal", "reject", "raised", "rejected", Act.DECIDE, "不采纳",
         "须写明理由", "提出方可在期限内报共同上级"),
    Move("refusal", "reject", "answered", "rejected", Act.DECIDE, "不采纳",
         "须写明理由", "提出方可在期限内报共同上级"),
    Move("refusal", "correct", "accepted", "corrected", None, "已更正",
         "调整已批准，金额或所依据的数据已变"),
    Move("refusal", "keep", "accepted", "kept", Act.DECIDE, "登记复核：金额不变",
         "须写明复核结果；共同上级裁定更正的除外", "各方重新签认，提出方可再次提出", ("accept",)),
    Move("refusal", "escalate", "rejected", "escalated", Act.SIGN_YEAR, "报共同上级裁定",
         "在期限内，由提出方"),
    Move("refusal", "lapse", "rejected", "upheld", None, "逾期未报，金额维持",
         "期限届满，未报共同上级", "视为确认"),
    Move("refusal", "rule_for", "escalated", "accepted", Act.DECIDE, "登记裁定：予以更正",
         "须有裁定文号", "各方签认作废，更正数据后重新签认"),
    Move("refusal", "rule_against", "escalated", "upheld", Act.DECIDE, "登记裁定：金额维持",
         "须有裁定文号", "视为确认"),
    # 付款
    Move("payment", "record", "", "prepared", Act.RECORD_PAYMENT, "登记付款",
         "不超过应付，超付须注明"),
    Move("payment", "approve", "prepared", "approved", Act.RECORD_PAYMENT, "复核付款",
         "凭证号未用过；附有银行回单，抵扣的双方均已同意", "记一笔平衡凭证", ("record",)),
    Move("payment", "reject", "prepared", "rejected", Act.RECORD_PAYMENT, "退回付款",
         "须写明理由"),
    Move("payment", "decline", "prepared", "rejected", Act.SIGN_YEAR, "不同意抵扣",
         "由抵扣的一方，须写明理由"),
    # 停下的重算 (fuse)
    Move("fuse", "trip", "", "tripped", None, "停下待查",
         "一次重算改变 3 个以上已发布月份、一年总额的 5 % 以上，或同一断面同月付两次"),
    Move("fuse", "propose_release", "tripped", "releasing", Act.ADJUST, "提请放行", "须写明理由"),
    Move("fuse", "propose_drop", "tripped", "dropping", Act.ADJUST, "提请不予执行", "须写明理由"),
    Move("fuse", "return", "releasing", "tripped", Act.ADJUST, "退回再核", "须写明理由"),
    Move("fuse", "return", "dropping", "tripped", Act.ADJUST, "退回再核", "须写明理由"),
    Move("fuse", "release", "releasing", "released", Act.ADJUST, "放行", "", "提出各月调整",
         ("propose_release",)),
    Move("fuse", "drop", "dropping", "dropped", Act.ADJUST, "不予执行", "", "", ("propose_drop",)),
    *(Move("fuse", "expire", state, "dropped", None, "自动解除",
           "数据已恢复，或被新的重算取代") for state in ("tripped", "releasing", "dropping")),
)  # fmt: skip

THINGS = {
    "notice": "月通报",
    "month": "月度",
    "objection": "异议",
    "adjustment": "调整",
    "settlement": "年度结算",
    "refusal": "不予确认",
    "payment": "付款",
    "fuse": "停下的重算",
}


class StateKind(StrEnum):
    """What a state is to whoever reads it; the value is what its badge is styled by."""

    OPEN = "open"  # under way, nobody is waited for
    WAITING = "waiting"  # somebody has to act
    DONE = "final"  # nothing follows
    REFUSED = "none"  # returned, rejected, withdrawn, dropped, or not begun


# Every state of everything that has one, those of MOVES and those that follow from dates.
STATES: dict[str, dict[str, StateKind]] = {
    "notice": {
        "prepared": StateKind.WAITING,
        "published": StateKind.DONE,
        "returned": StateKind.REFUSED,
    },
    "month": {
        "published": StateKind.OPEN,
        "confirmed": StateKind.DONE,
        "objected": StateKind.WAITING,
        "decided": StateKind.OPEN,
        "final": StateKind.DONE,
    },
    "objection": {
        "raised": StateKind.WAITING,
        "answered": StateKind.WAITING,
        "remeasuring": StateKind.WAITING,
        "accepted": StateKind.DONE,
        "rejected": StateKind.DONE,  # decided, like an accepted one
        "withdrawn": StateKind.REFUSED,
    },
    "adjustment": {
        "proposed": StateKind.WAITING,
        "reviewed": StateKind.WAITING,
        "declined": StateKind.WAITING,
        "approved": StateKind.DONE,
        "dismissed": StateKind.REFUSED,
        "withdrawn": StateKind.REFUSED,
    },
    "settlement": {
        "open": StateKind.WAITING,
        "signed": StateKind.OPEN,
        "confirmed": StateKind.OPEN,
        "prepared": StateKind.OPEN,
        "closed": StateKind.DONE,
        "cleared": StateKind.DONE,
    },
    "refusal": {
        "raised": StateKind.WAITING,
        "answered": StateKind.WAITING,
        "rejected": StateKind.WAITING,
        "escalated": StateKind.WAITING,
        "accepted": StateKind.WAITING,
        "corrected": StateKind.DONE,
        "kept": StateKind.DONE,
        "upheld": StateKind.DONE,
        "withdrawn": StateKind.REFUSED,
    },
    "payment": {
        "prepared": StateKind.OPEN,
        "approved": StateKind.DONE,
        "rejected": StateKind.REFUSED,
    },
    "reversal": {
        "prepared": StateKind.OPEN,
        "approved": StateKind.DONE,
        "rejected": StateKind.REFUSED,
    },
    "correction": {
        "prepared": StateKind.OPEN,
        "approved": StateKind.DONE,
        "rejected": StateKind.REFUSED,
    },
    "carryover": {
        "prepared": StateKind.OPEN,
        "approved": StateKind.DONE,
        "rejected": StateKind.REFUSED,
    },
    "issue_request": {
        "prepared": StateKind.OPEN,
        "approved": StateKind.DONE,
        "rejected": StateKind.REFUSED,
    },
    "opening": {
        "prepared": StateKind.OPEN,
        "approved": StateKind.DONE,
        "rejected": StateKind.REFUSED,
    },
    "fuse": {
        "tripped": StateKind.WAITING,
        "releasing": StateKind.WAITING,
        "dropping": StateKind.WAITING,
        "released": StateKind.OPEN,
        "dropped": StateKind.REFUSED,
    },
    "accrual": {
        "preliminary": StateKind.WAITING,
        "published": StateKind.OPEN,
        "settled": StateKind.DONE,
    },
    "agreement": {"draft": StateKind.REFUSED, "active": StateKind.OPEN, "ended": StateKind.DONE},
    "term": {"ahead": StateKind.REFUSED, "in_force": StateKind.OPEN, "over": StateKind.DONE},
    "draft": {
        "draft": StateKind.REFUSED,
        "submitted": StateKind.WAITING,
        "activated": StateKind.DONE,
        "discarded": StateKind.REFUSED,
    },
    "measure": {
        "open": StateKind.OPEN,
        "overdue": StateKind.WAITING,
        "reported": StateKind.OPEN,
        "lifted": StateKind.DONE,
    },
    "statement": {
        "agrees": StateKind.DONE,
        "open": StateKind.REFUSED,
        "differs": StateKind.WAITING,
    },
}


def kind_of(thing: str, state: str) -> StateKind:
    """The kind of a thing's state. Raises KeyError for a state the table does not name."""
    return STATES[thing][state]


def moves_from(thing: str, state: str) -> tuple[Move, ...]:
    """What can happen next to a thing in that state, in the order of the table."""
    return tuple(m for m in MOVES if m.thing == thing and m.source == state)


def move_of(thing: str, event: str, source: str) -> Move | None:
    """The line for an event in a state; None where the table has none."""
    return next((m for m in MOVES if (m.thing, m.event, m.source) == (thing, event, source)), None)


def moves_sql() -> str:
    """The SQL function the trigger reads the table from, as guards/_moves.sql."""
    rows = ",\n    ".join(
        "('{}', '{}', '{}', '{}', {}, '{}')".format(
            m.thing,
            m.event,
            m.source,
            m.target,
            "true" if m.who is None else "false",
            "{" + ",".join(m.not_by) + "}",
        )
        for m in MOVES
    )
    return f"""\
-- Written by `manage.py workflow_docs` from settlements/workflow.py; a test compares.
CREATE OR REPLACE FUNCTION settlements_moves()
RETURNS TABLE (thing text, event text, source text, target text, by_system boolean, not_by text[])
LANGUAGE sql IMMUTABLE AS $$
    SELECT t.thing, t.event, t.source, t.target, t.by_system, t.not_by::text[]
    FROM (VALUES
    {rows}
    ) AS t (thing, event, source, target, by_system, not_by)
$$;
"""
