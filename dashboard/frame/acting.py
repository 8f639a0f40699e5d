"""Who acts on a page, from which address and in which act: told before the page does anything."""

from django.urls import Resolver404, resolve

from basins.models import AccessEvent
from basins.services.refusals import tell_of_many
from dashboard.frame.access_log import note
from dashboard.frame.addresses import client_address
from dashboard.frame.hidden import hid_something
from jobs.acting import acting, because, person
from settlements.workflow import MOVES, THINGS

# Acts by the name of their address; the audit trail says 网页 with the address for any other.
ACTS = {
    "login": "登录",
    "logout": "退出",
    "account-password": "更改密码",
    "person-new": "提出账号事项",
    "person-act-new": "提出账号事项",
    "person-act": "复核账号事项",
    "account-session-end": "结束登录",
    "agreement-new": "录入协议",
    "draft-step": "录入协议",
    "draft-check": "核对与启用协议",
    "agreement-amend": "修订协议",
    "simulator": "推演",
    "notice-prepare": "编制月通报",
    "notice-sign": "签发月通报",
    "notice-remind": "催办",
    "month-remind": "催办",
    "month-confirm": "确认月度",
    "objection-new": "提出异议",
    "objection-evidence": "补充证据",
    "objection-reply": "答复异议",
    "objection-withdraw": "撤回异议",
    "objection-decide": "裁决异议",
    "objection-remeasurement": "录入复测结果",
    "joint-sample-new": "登记联合监测",
    "joint-sample-reserve": "补录留样",
    "sample-new": "登记实验室样品",
    "sample-correct": "更正实验室样品",
    "data-judge": "审核数据",
    "notice-file": "取用月通报文书",
    "paper-issue": "提请签发文书",
    "paper-export-start": "提请签发全年文书",
    "issue-request": "复核签发文书",
    "paper-file": "下载文书",
    "basis-choose": "选定统计口径",
    "basis-withdraw": "撤销统计口径",
    "start": "开通",
    "start-place": "设定本市",
    "start-map": "导入地图",
    "reference-new": "录入基础资料",
    "reference-change": "更改基础资料",
    "reference-section-act": "断面停用与接替",
    "reference-place-act": "行政区或河流停用",
    "reference-import": "导入基础资料",
    "reference-errors": "下载需更正的表",
    "calendar-act": "复核节假日历",
    "calendar-announce": "录入节假日安排",
    "calendar-day": "修改节假日历",
    "ruling-new": "认定月度状态",
    "ruling": "撤销月度状态认定",
    "reading-upload": "上传监测数据",
    "reading-upload-columns": "对应列标题",
    "reading-upload-import": "导入监测数据",
    "reading-upload-cancel": "取消导入",
    "reading-exports": "导出监测数据",
    "reading-export-cancel": "取消导出监测数据",
    "batch-undo": "撤销导入",
    "token-new": "签发令牌",
    "token-change": "更换令牌",
    "token-revoke": "吊销令牌",
    "station-list": "登记站点",
    "station": "更改站点",
    "station-factor": "认定因子",
    "station-replay": "重放报文",
    "letter-replay": "重放报文",
    "letter-dismiss": "作废报文",
    "observation-new": "录入指标值",
    "observation-upload": "录入指标值",
    "observation-record": "录入指标值",
    "ledger-payment-new": "登记付款",
    "ledger-payment": "复核付款",
    "ledger-offset-act": "同意或不同意抵扣",
    "ledger-reverse": "申请冲销",
    "ledger-reversal": "复核冲销",
    "ledger-reconcile": "对账",
    "ledger-correct": "申请更正余额",
    "ledger-correction": "复核更正余额",
    "ledger-carryover-new": "提出区划结转",
    "ledger-carryover": "复核区划结转",
    "ledger-account-close": "销户",
    "ledger-opening-list": "录入期初余额",
    "ledger-opening": "复核期初余额",
    "notification-delivery": "通知方式",
    "mail-trouble": "重发邮件",
    "settlement-sign": "签认年度数据",
    "settlement-confirm": "确认年度金额",
    "settlement-refuse": "不予确认年度金额",
    "settlement-remind": "催办年度签认",
    "settlement-decide-silent": "就逾期不表态作出决定",
    "settlement-prepare": "提请关账",
    "settlement-return": "退回关账",
    "settlement-close": "关账",
    "supplement-prepare": "编制补充通报",
    "supplement-sign": "签发补充通报",
    "ledger-payment-attach": "附银行回单",
    "ledger-checks": "核对台账",
    "fund-new": "安排补偿资金",
    "fund-spend": "报告支出",
    "fund-correct": "冲减支出",
    "fund-reduce": "减少安排",
    "measure-new": "实施措施",
    "measure-report": "报告整改",
    "measure-lift": "解除措施",
    "water-body": "确定断面水体",
    "rule": "试算补偿规则",
    "star": "关注",
    "stars-looked-at": "关注",
    "notification-read-all": "阅读通知",
    "notification": "阅读通知",
    "paper-export-cancel": "取消签发全年文书",
    "scenario-run-cancel": "取消推演",
}
# Addresses that name the event of the workflow themselves: the thing each is about.
OF_EVENTS = {"adjustment-act": "adjustment", "fuse-act": "fuse", "refusal-act": "refusal"}
# Where a form asks for the reason of an act.
REASONS = ("why", "reason")
LONGEST = 500  # characters of a reason in the trail


class ActingMiddleware:
    """Stands after Django's AuthenticationMiddleware."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        said = {
            **person(request.user),
            "address": client_address(request),
            "act": act_of(request),
            "path": f"{request.method} {request.path}",
        }
        with acting(**said):
            response = self.get_response(request)
            if request.user.is_authenticated and (
                response.status_code == 403
                or (response.status_code == 404 and hid_something(request))
            ):
                what = (
                    f"{request.method}，{said['act']}" if said["act"] != "网页" else request.method
                )
                note(AccessEvent.Kind.REFUSED, request=request, user=request.user, what=what)
                tell_of_many(request.user)
            return response

    def process_view(self, request, view, args, kwargs):
        """The reason typed with an act goes into its records. The form was read already, to check
        where it came from."""
        if request.method == "POST" and request.user.is_authenticated:
            typed = (request.POST.get(name, "").strip() for name in REASONS)
            if why := next((text for text in typed if text), ""):
                because(why[:LONGEST])


def words_of_acts() -> list[str]:
    """Every act an address can be for."""
    events = {m.words for m in MOVES if m.thing in OF_EVENTS.values() and m.who is not None}
    return sorted({*ACTS.values(), *events, "网页", "原始表", "接口"})


def act_of(request) -> str:
    """What the address is for, in words."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return "网页"
    if match.app_name == "admin":
        return "原始表"
    if match.app_name == "api":
        return "接口"
    if thing := OF_EVENTS.get(match.url_name or ""):
        event = match.kwargs.get("event")
        return next((m.words for m in MOVES if (m.thing, m.event) == (thing, event)), THINGS[thing])
    return ACTS.get(match.url_name or "", "网页")
