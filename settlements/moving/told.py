"""Who is told of what, and how: one table for every move of the workflow and every other event.

A line says of an event whom it tells, in which words, which page it leads to, and on which lists
of 我的工作 it stands where an act is due (`lists`, keys of settlements.work.queries.sources.listed). Where
an event has no list for those told, it is a notification; mail goes by what each person chose.
Several lines of one event are tried in order: nobody is told twice of one thing. An event that tells
nobody stands in SILENT with the reason. docs/workflow.md draws both.

To add one: a line here, `tell("event", …)` where it happens (settlements.moving.telling).
"""

from dataclasses import dataclass
from enum import StrEnum


class Whom(StrEnum):
    """Whom an event is told to, never the person who caused it."""

    PARTIES = "各方"
    OTHERS = "其他各方"  # all parties but the one that acted
    SIGNERS = "签认人"  # who signs a year for the parties named: also a township's, the treasury's
    OTHER_SIGNERS = "其他各方的签认人"
    PAYERS = "付款方的签认人"
    PAYEES = "收款方的签认人"
    PERSONS = "经办人"  # named by the event: who asked, prepared, reviewed or stated it
    BUREAU = "市生态环境局"
    BUREAU_SECOND = "市局另一人"
    TREASURY = "市财政局"
    TREASURY_SECOND = "市财政局另一人"
    ADMIN_SECOND = "未经手的协议管理员"


@dataclass(frozen=True, slots=True)
class Telling:
    """One line. `sentence` is filled with what the event gives; `page` is a name of basins.links."""

    event: str
    whom: Whom
    sentence: str
    page: str
    lists: tuple[str, ...] = ()


W = Whom
LINES: tuple[Telling, ...] = (
    # 月通报
    Telling("notice.prepare", W.BUREAU_SECOND, "{month}通报已由{by}编制，待签发", "notice",
            ("notices-to-sign",)),
    Telling("notice.supplements", W.BUREAU_SECOND,
            "{by}编制了 {months}的补充通报 {count} 份，待签发，请您复核", "supplement-sign",
            ("supplements-to-sign",)),
    Telling("notice.sign_off", W.PARTIES,
            "{notice}已发布，涉及贵方 {count} 个协议；{until}前可确认或提出异议", "notice",
            ("notices-to-read", "months-to-confirm")),
    Telling("notice.supplements_signed", W.PARTIES,
            "{months}的补充通报 {count} 份已发布，可逐月确认或提出异议", "notice-list",
            ("notices-to-read", "months-to-confirm")),
    Telling("notice.return", W.PERSONS, "{month}通报被{by}退回：{why}", "notice",
            ("months-to-prepare", "supplements-to-prepare")),
    Telling("notice.remind", W.PARTIES, "催办：请阅读{notice}", "notice", ("notices-to-read",)),
    # 月度
    Telling("month.lapse", W.PARTIES, "{months}逾期未表示异议，已视为贵方确认", "settlement-list"),
    Telling("month.deadline", W.PARTIES,
            "节假日历变动：{month}的异议截止日由 {before}改为{until}", "settlement-month",
            ("months-to-confirm",)),
    Telling("month.remind", W.PARTIES, "催办：请在 {until}前确认 {month}或提出异议",
            "settlement-month", ("months-to-confirm",)),
    # 异议
    Telling("objection.raise", W.OTHERS, "{party}对{month}提出异议（{kind}）", "objection",
            ("objections-to-answer",)),
    Telling("objection.raise", W.BUREAU, "{party}对{month}提出异议（{kind}）", "objection",
            ("objections-to-decide",)),
    Telling("objection.answer", W.OTHERS, "{party}答复：{objection}", "objection"),
    Telling("objection.answer", W.BUREAU, "{party}答复：{objection}", "objection",
            ("objections-to-decide",)),
    Telling("objection.remark", W.OTHERS, "{party}补充说明：{objection}", "objection"),
    Telling("objection.remark", W.BUREAU, "{party}补充说明：{objection}", "objection",
            ("objections-to-decide",)),
    Telling("objection.withdraw", W.OTHERS, "{party}撤回{objection}", "objection"),
    Telling("objection.withdraw", W.BUREAU, "{party}撤回{objection}", "objection"),
    Telling("objection.remeasure", W.PARTIES, "市局责令复测：{objection}", "objection"),
    Telling("objection.measured", W.PARTIES, "复测结果已录入：{objection}", "objection"),
    Telling("objection.accept", W.PARTIES, "{objection}已采纳", "objection"),
    Telling("objection.reject", W.PARTIES, "{objection}已驳回", "objection"),
    Telling("objection.deadline", W.PARTIES,
            "节假日历变动：{objection}的举证与答复截止日由 {before}改为{until}", "objection",
            ("objections-to-answer", "objections-to-prove")),
    Telling("objection.deadline", W.BUREAU,
            "节假日历变动：{objection}的举证与答复截止日由 {before}改为{until}", "objection"),
    # 月度状态认定
    Telling("ruling.make", W.PARTIES,
            "市局认定{section} {month}为“{state}”（{ground}）：{reason}", "ruling"),
    Telling("ruling.make", W.BUREAU, "{by}认定{section} {month}为“{state}”（{ground}）：{reason}",
            "ruling"),
    Telling("ruling.revoke", W.PARTIES, "市局撤销对{section} {month}的认定“{state}”：{why}", "ruling"),
    Telling("ruling.revoke", W.BUREAU, "{by}撤销对{section} {month}的认定“{state}”：{why}",
            "ruling"),
    # 调整
    Telling("adjustment.propose", W.BUREAU, "提出调整：{agreement} {months}，{cause}",
            "adjustment-list", ("adjustments",)),
    Telling("adjustment.propose", W.PARTIES,
            "{agreement} {months}的结果拟调整（{cause}）；可查看证据与两次计算，{until}前可提出意见",
            "adjustment-list"),
    Telling("adjustment.remark", W.OTHERS, "{party}对{agreement} {month}的调整提出意见：{text}",
            "adjustment"),
    Telling("adjustment.remark", W.BUREAU, "{party}对{agreement} {month}的调整提出意见：{text}",
            "adjustment", ("adjustments",)),
    Telling("adjustment.withdraw", W.BUREAU, "{agreement} {months}的调整已撤回：更正已撤销或被取代",
            "adjustment-list"),
    Telling("adjustment.withdraw", W.PARTIES, "{agreement} {months}的调整已撤回：更正已撤销或被取代",
            "adjustment-list"),
    Telling("adjustment.review", W.BUREAU_SECOND, "{by}提请批准调整：{agreement} {month}，请您复核",
            "adjustment", ("adjustments",)),
    Telling("adjustment.return", W.PERSONS, "{by}退回调整：{agreement} {month}：{why}", "adjustment",
            ("adjustments",)),
    Telling("adjustment.decline", W.BUREAU_SECOND,
            "{by}提请不予调整：{agreement} {month}：{why}，请您复核", "adjustment", ("adjustments",)),
    Telling("adjustment.dismiss", W.PARTIES, "{agreement} {month}的调整不予批准：{why}", "adjustment"),
    Telling("adjustment.dismiss", W.BUREAU, "{by}定为不予调整：{agreement} {month}：{why}",
            "adjustment"),
    Telling("adjustment.approve", W.PARTIES, "{agreement} {month}的调整已批准：{before}改为{after}",
            "adjustment"),
    Telling("adjustment.approve", W.PERSONS, "{by}批准调整：{agreement} {month}", "adjustment"),
    Telling("adjustment.booked", W.TREASURY, "{agreement} {month}的调整已记入台账：{entry}",
            "ledger-entry"),
    # 停下的重算
    Telling("fuse.trip", W.BUREAU, "{agreement}的一次重算停下待查：{reasons}", "fuse-trip",
            ("stopped-runs",)),
    Telling("fuse.propose_release", W.BUREAU_SECOND,
            "{by}提请放行停下的重算：{agreement}：{why}，请您复核", "fuse-trip", ("stopped-runs",)),
    Telling("fuse.propose_drop", W.BUREAU_SECOND,
            "{by}提请不予执行停下的重算：{agreement}：{why}，请您复核", "fuse-trip", ("stopped-runs",)),
    Telling("fuse.return", W.PERSONS, "{by}退回停下的重算：{agreement}：{why}，请再核", "fuse-trip",
            ("stopped-runs",)),
    Telling("fuse.release", W.BUREAU, "{by}放行停下的重算：{agreement}：{why}", "fuse-trip"),
    Telling("fuse.drop", W.BUREAU, "{by}定为不予执行：{agreement}停下的重算：{why}", "fuse-trip"),
    Telling("fuse.expire", W.BUREAU, "{agreement}停下的重算已自动解除：数据已恢复，或被新的重算取代",
            "fuse-trip"),
    # 年度结算
    Telling("settlement.signing_due", W.SIGNERS,
            "{settlement}各月均已定稿，请于 {until}前签认年度数据", "settlement", ("years-to-sign",)),
    Telling("settlement.sign_data", W.SIGNERS,
            "{settlement}的数据各方均已签认，请于 {until}前确认年度金额", "settlement",
            ("years-to-sign",)),
    Telling("settlement.deadline", W.SIGNERS,
            "节假日历变动：{what}的截止日由 {before}改为 {until}：{settlement}", "settlement",
            ("years-to-sign",)),
    Telling("settlement.entered", W.SIGNERS,
            "{by}依 {document} 代贵方{what}：{settlement}；有出入请即联系市局", "settlement"),
    Telling("settlement.remind", W.SIGNERS,
            "催办：请{what}：{settlement}；{until}前仍不表态的，{means}", "settlement",
            ("years-to-sign",)),
    Telling("settlement.lapse", W.SIGNERS, "贵方逾期未{what}，按条款视为确认：{settlement}",
            "settlement"),
    Telling("settlement.decide_silent", W.SIGNERS,
            "贵方逾期未{what}，市局已决定：{settlement}，理由：{reason}", "settlement"),
    Telling("settlement.void", W.SIGNERS, "{settlement}的签认已作废，请重新签认：{why}",
            "settlement", ("years-to-sign",)),
    Telling("settlement.voided", W.BUREAU,
            "{settlement}的签认已作废（{names}），待各方重新签认：{why}", "settlement",
            ("years-waiting",)),
    Telling("settlement.confirm", W.BUREAU, "{settlement}的金额各方均已确认，可提请关账", "settlement",
            ("settlements-to-close",)),
    Telling("settlement.prepare", W.BUREAU_SECOND, "{by}提请关账：{settlement}，请您复核", "settlement",
            ("settlements-to-close",)),
    Telling("settlement.prepare", W.SIGNERS, "市局已提请关账：{settlement}", "settlement"),
    Telling("settlement.return", W.PERSONS, "{by}退回关账：{settlement}：{why}", "settlement",
            ("settlements-to-close",)),
    Telling("settlement.return", W.SIGNERS, "{settlement}的关账已退回，待重新提请", "settlement"),
    Telling("settlement.close", W.PAYERS, "{settlement}已关账：贵方应付 {yuan} 元", "settlement"),
    Telling("settlement.close", W.PAYEES, "{settlement}已关账：贵方应收 {yuan} 元", "settlement"),
    Telling("settlement.close", W.SIGNERS, "{settlement}已关账：贵方收付相抵，无应收应付",
            "settlement"),
    Telling("settlement.close", W.TREASURY, "{settlement}已关账，待清缴", "settlement", ("debts",)),
    Telling("settlement.close", W.BUREAU, "{by}关账：{settlement}", "settlement"),
    Telling("settlement.clear", W.SIGNERS, "{settlement}已清缴完毕", "settlement"),
    Telling("settlement.clear", W.TREASURY, "{settlement}已清缴完毕", "settlement"),
    Telling("settlement.reopen_debt", W.SIGNERS, "{settlement}又有未付清的金额，恢复待缴", "settlement"),
    Telling("settlement.reopen_debt", W.TREASURY, "{settlement}又有未付清的金额，恢复待缴", "settlement",
            ("debts",)),
    # 拨款通知
    Telling("demand.make", W.SIGNERS,
            "{demand}：{settlement}{what}应付 {yuan} 元，请于 {until}前付清", "ledger-demand",
            ("payments-due",)),
    Telling("demand.remind", W.SIGNERS, "催款：{demand} {settlement}{what}尚欠 {yuan} 元，{when}",
            "ledger-demand", ("payments-due",)),
    Telling("demand.due", W.SIGNERS, "{demand}的付款截止日由 {before}改为 {until}", "ledger-demand",
            ("payments-due",)),
    # 不予确认
    Telling("refusal.raise", W.OTHER_SIGNERS,
            "{party}不予确认{settlement}的金额（{yuan}）：{reason}；{until}前可答复", "refusal",
            ("refusals-to-answer",)),
    Telling("refusal.raise", W.BUREAU, "{party}不予确认{settlement}的金额（{yuan}）：{reason}",
            "refusal", ("refusals-to-decide",)),
    Telling("refusal.deadline", W.SIGNERS,
            "节假日历变动：{refusal}，截止日由 {before}改为 {until}", "refusal",
            ("refusals-to-answer", "refusals-turned-down")),
    Telling("refusal.deadline", W.BUREAU,
            "节假日历变动：{refusal}，截止日由 {before}改为 {until}", "refusal"),
    Telling("refusal.answer", W.OTHER_SIGNERS, "{party}答复{refusal}：{text}", "refusal"),
    Telling("refusal.answer", W.BUREAU, "{party}答复{refusal}：{text}", "refusal",
            ("refusals-to-decide",)),
    Telling("refusal.withdraw", W.OTHER_SIGNERS, "{party}撤回：{refusal}", "refusal"),
    Telling("refusal.withdraw", W.BUREAU, "{party}撤回：{refusal}", "refusal"),
    Telling("refusal.accept", W.SIGNERS, "市局采纳{refusal}（{reason}），更正数据后重新签认", "refusal"),
    Telling("refusal.accept", W.BUREAU,
            "{by}采纳{refusal}（{reason}）；请更正数据并批准调整，复核后金额不变的由另一人登记",
            "refusal", ("refusals-to-correct",)),
    Telling("refusal.keep", W.SIGNERS,
            "市局复核{refusal}：{reason}；金额不变，请重新签认，仍不同意的可再次提出", "refusal",
            ("years-to-sign",)),
    Telling("refusal.keep", W.BUREAU, "{by}登记复核结果：{refusal}，金额不变：{reason}", "refusal"),
    Telling("refusal.reject", W.SIGNERS,
            "市局未采纳{refusal}（{reason}）；{party}在 {until}前可报共同上级裁定，逾期视为确认",
            "refusal", ("refusals-turned-down",)),
    Telling("refusal.escalate", W.OTHER_SIGNERS, "{party}报共同上级裁定：{refusal}", "refusal"),
    Telling("refusal.escalate", W.BUREAU, "{party}报共同上级裁定：{refusal}；收到裁定后请登记", "refusal",
            ("refusals-to-decide",)),
    Telling("refusal.rule_for", W.SIGNERS,
            "共同上级裁定予以更正（{document}：{text}）：{refusal}，更正数据后重新签认", "refusal"),
    Telling("refusal.rule_for", W.BUREAU,
            "共同上级裁定予以更正（{document}：{text}）：{refusal}；请更正数据并批准调整", "refusal",
            ("refusals-to-correct",)),
    Telling("refusal.rule_against", W.SIGNERS,
            "共同上级裁定金额维持（{document}：{text}）：{refusal}", "refusal"),
    Telling("refusal.lapse", W.SIGNERS, "{refusal}逾期未报共同上级，金额维持，视为确认", "refusal"),
    # 付款、冲销、更正、期初
    Telling("payment.record", W.TREASURY_SECOND,
            "{by}登记了付款 {voucher}：{payer}付{payee} {yuan} 元，请您复核", "ledger-payment",
            ("payments-to-approve",)),
    Telling("payment.record", W.SIGNERS,
            "市财政局登记了付款 {voucher}：{payer}付{payee} {yuan} 元，待复核", "ledger-payment"),
    Telling("payment.record_offset", W.SIGNERS,
            "{by}登记了抵扣 {voucher}：{payer}与{payee}互抵 {yuan} 元，双方同意后入账，请办理",
            "ledger-payment", ("offsets-to-consent",)),
    Telling("payment.record_offset", W.BUREAU,
            "{by}登记了抵扣 {voucher}：{payer}与{payee}互抵 {yuan} 元，待双方同意", "ledger-payment",
            ("offsets-waiting",)),
    Telling("payment.record_offset", W.TREASURY_SECOND,
            "{by}登记了抵扣 {voucher}：{payer}与{payee}互抵 {yuan} 元，双方同意后请您复核",
            "ledger-payment"),
    Telling("payment.consent", W.OTHER_SIGNERS, "{party}同意抵扣 {voucher}（{yuan} 元）",
            "ledger-payment"),
    Telling("payment.consent", W.TREASURY, "{party}同意抵扣 {voucher}（{yuan} 元）{left}",
            "ledger-payment", ("payments-to-approve",)),
    Telling("payment.consent_entered", W.SIGNERS,
            "{by}依 {document} 代贵方同意抵扣 {voucher}（{yuan} 元）；有出入请即联系市局",
            "ledger-payment"),
    Telling("payment.decline", W.OTHER_SIGNERS, "{party}不同意抵扣 {voucher}（{why}），没有入账",
            "ledger-payment"),
    Telling("payment.decline", W.TREASURY, "{party}不同意抵扣 {voucher}（{why}），登记已退回",
            "ledger-payment"),
    Telling("payment.approve", W.SIGNERS, "付款 {voucher} 已复核入账：{payer}付{payee} {yuan} 元",
            "ledger-payment"),
    Telling("payment.approve", W.PERSONS, "{by}复核了付款 {voucher}，已入账：{entry}", "ledger-payment"),
    Telling("payment.reject", W.PERSONS, "{by}退回付款 {voucher}：{why}", "ledger-payment"),
    Telling("payment.reject", W.SIGNERS, "付款 {voucher} 的登记已退回，没有入账", "ledger-payment"),
    Telling("reversal.propose", W.TREASURY_SECOND, "{by}申请冲销 {entry}：{why}，请您复核",
            "ledger-reversal", ("reversals-to-approve",)),
    Telling("reversal.approve", W.PERSONS, "{by}复核冲销：{entry} 已由 {booked} 冲销",
            "ledger-reversal"),
    Telling("reversal.approve", W.SIGNERS, "{entry} 已由 {booked} 冲销：{why}", "ledger-entry"),
    Telling("reversal.reject", W.PERSONS, "{by}退回冲销 {entry}：{why}", "ledger-reversal"),
    Telling("correction.propose", W.TREASURY_SECOND, "{by}申请更正余额：{statement}，请您复核",
            "ledger-correction", ("corrections-to-approve",)),
    Telling("correction.approve", W.PERSONS, "{by}复核更正余额：{statement}，{booked}",
            "ledger-correction"),
    Telling("correction.approve", W.SIGNERS, "对账差额已更正入账：{statement}，{booked}", "ledger-entry"),
    Telling("correction.reject", W.PERSONS, "{by}退回更正余额：{statement}：{why}",
            "ledger-correction"),
    Telling("opening.propose", W.TREASURY_SECOND, "{by}导入了 {on} 的期初余额（{file}），请您复核",
            "ledger-opening", ("openings-to-approve",)),
    Telling("opening.approve", W.PERSONS, "{by}复核了 {on} 的期初余额，已入账：{booked}",
            "ledger-opening"),
    Telling("opening.approve", W.SIGNERS, "{on} 的期初余额已入账：{booked}", "ledger-entry"),
    Telling("opening.reject", W.PERSONS, "{by}退回 {on} 的期初余额：{why}", "ledger-opening"),
    Telling("place.end", W.TREASURY,
            "{by}登记了{place}自 {on} 起撤并（{source}）；它的账户还有余额，请结转给承继方",
            "ledger-carryover-new", ("accounts-to-carry",)),
    Telling("carryover.propose", W.TREASURY_SECOND,
            "{by}提出区划结转：{ended}的账户余额由{successor}承继（{document}），请您复核",
            "ledger-carryover", ("carryovers-to-approve",)),
    Telling("carryover.approve", W.PERSONS, "{by}复核了区划结转 {ended}→{successor}，已入账：{booked}",
            "ledger-carryover"),
    Telling("carryover.approve", W.SIGNERS, "{ended}的账户余额已由{successor}承继：{booked}",
            "ledger-entry"),
    Telling("carryover.reject", W.PERSONS, "{by}退回区划结转 {ended}→{successor}：{why}",
            "ledger-carryover"),
    # 对账
    Telling("statement.differs", W.TREASURY, "对账不符：{statement}，与台账相差 {difference} 元",
            "ledger-account", ("statements-that-differ",)),
    Telling("statement.differs", W.SIGNERS, "对账不符：{statement}，与台账相差 {difference} 元",
            "ledger-account"),
    Telling("statement.moved", W.PERSONS,
            "{entry}（付款日期 {paid_on}）改变了您登记的对账余额：{statement}", "ledger-account"),
    # 文书
    Telling("paper.propose", W.BUREAU_SECOND, "{by}提请签发{title}，请您复核", "issue-request",
            ("papers-to-issue",)),
    Telling("paper.propose_statement", W.TREASURY_SECOND, "{by}提请签发{title}，请您复核",
            "issue-request", ("statements-to-issue",)),
    Telling("paper.issue", W.PARTIES, "{title}已签发：{number}", "paper"),
    Telling("paper.issue", W.PERSONS, "{by}签发了{title}：{number}", "paper"),
    Telling("paper.reject", W.PERSONS, "{by}退回签发申请：{title}：{why}", "issue-request"),
    # 协议
    Telling("draft.submit", W.ADMIN_SECOND, "{by}提交了《{title}》{what}，请您核对启用", "draft-check",
            ("drafts-to-activate",)),
    Telling("draft.return", W.PERSONS, "{by}退回修改《{title}》", "draft-check",
            ("drafts-to-finish",)),
    Telling("draft.activate", W.PARTIES, "《{title}》{what}已启用", "agreement"),
    Telling("draft.activate", W.PERSONS, "{by}启用了《{title}》{what}", "agreement"),
    Telling("draft.activate", W.BUREAU, "《{title}》{what}已启用", "agreement"),
    # 措施
    Telling("measure.take", W.PARTIES, "市局对贵区实施{kind}（{number}）。", "measure",
            ("measures-to-report",)),
    Telling("measure.report", W.BUREAU, "{party}报告了整改情况：{measure}。", "measure",
            ("measures-to-lift",)),
    Telling("measure.lift", W.PARTIES, "市局已解除{kind}（{number}）。", "measure"),
)  # fmt: skip

# Events of the workflow table that are told by another, or concern nobody who is not there.
SILENT: dict[str, str] = {
    "month.publish": "随月通报签发告知",
    "month.confirm": "各方自己所为；年度数据可签认时再告知",
    "month.object": "随异议告知",
    "month.withdraw": "随撤回异议告知",
    "month.decide": "随裁决告知",
    "month.finalise": "全年定稿时告知签认",
    "settlement.compute": "没有结果可看之前，无人须知",
    "refusal.void": "随签认作废告知",
    "refusal.correct": "随批准调整告知，签认开始时再告知",
}

# What waits for somebody, and on which lists it stands. A state that waits and is on no list must
# say why (docs/workflow.md; tests/settlements/moving/test_telling.py walks every state).
WAITING: dict[tuple[str, str], tuple[str, ...]] = {
    ("notice", "prepared"): ("notices-to-sign", "supplements-to-sign"),
    ("notice", "returned"): ("months-to-prepare", "supplements-to-prepare"),
    ("month", "published"): ("months-to-confirm",),
    ("month", "objected"): ("objections-to-decide",),
    ("objection", "raised"): ("objections-to-decide", "objections-to-answer"),
    ("objection", "answered"): ("objections-to-decide",),
    ("objection", "remeasuring"): ("objections-to-decide",),
    ("adjustment", "proposed"): ("adjustments",),
    ("adjustment", "reviewed"): ("adjustments",),
    ("adjustment", "declined"): ("adjustments",),
    ("settlement", "open"): ("years-to-sign", "years-waiting"),
    ("settlement", "signed"): ("years-to-sign", "years-waiting"),
    ("settlement", "confirmed"): ("settlements-to-close",),
    ("settlement", "prepared"): ("settlements-to-close",),
    ("settlement", "closed"): ("debts", "payments-due", "payments-expected"),
    ("refusal", "raised"): ("refusals-to-answer", "refusals-to-decide"),
    ("refusal", "answered"): ("refusals-to-decide", "refusals-to-answer"),
    ("refusal", "rejected"): ("refusals-turned-down",),
    ("refusal", "escalated"): ("refusals-to-decide",),
    ("refusal", "accepted"): ("refusals-to-correct",),
    ("payment", "prepared"): (
        "payments-to-approve",
        "slips-to-attach",
        "offsets-to-consent",
        "offsets-waiting",
    ),
    ("reversal", "prepared"): ("reversals-to-approve",),
    ("correction", "prepared"): ("corrections-to-approve",),
    ("opening", "prepared"): ("openings-to-approve",),
    ("carryover", "prepared"): ("carryovers-to-approve",),
    ("issue_request", "prepared"): ("papers-to-issue", "statements-to-issue"),
    ("fuse", "tripped"): ("stopped-runs",),
    ("fuse", "releasing"): ("stopped-runs",),
    ("fuse", "dropping"): ("stopped-runs",),
    ("accrual", "preliminary"): ("months-to-prepare", "supplements-to-prepare"),
    ("draft", "draft"): ("drafts-to-finish",),
    ("draft", "submitted"): ("drafts-to-activate",),
    ("measure", "open"): ("measures-to-report",),
    ("measure", "overdue"): ("measures-to-report",),
    ("measure", "reported"): ("measures-to-lift",),
    ("statement", "differs"): ("statements-that-differ",),
}
# Open or refused states out of which somebody may act, but nobody is waited for.
NOBODY_WAITS: dict[tuple[str, str], str] = {
    ("month", "decided"): "系统定稿",
    ("payment", "rejected"): "登记人已被告知，须另行登记",
    ("accrual", "published"): "随月度确认与年度签认办理",
    ("fuse", "released"): "逐月提出的调整各自等待",
    ("agreement", "active"): "在执行",
    ("term", "in_force"): "在执行",
}


def lines_of(event: str) -> tuple[Telling, ...]:
    """The lines of an event, in order. Raises KeyError where the table has none."""
    found = tuple(line for line in LINES if line.event == event)
    if not found:
        raise KeyError(event)
    return found
