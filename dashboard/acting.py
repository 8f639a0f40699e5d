"""Who acts on a page, from which address and in which act: told before the page does anything."""

from django.urls import Resolver404, resolve

from basins.models import AccessEvent
from dashboard.access_log import note
from dashboard.addresses import client_address
from jobs.acting import acting, person

# Acts by the name of their address; the audit trail says 网页 with the address for any other.
ACTS = {
    "login": "登录",
    "logout": "退出",
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
    "data-judge": "审核数据",
    "notification-delivery": "通知方式",
}


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
            if response.status_code == 403 and request.user.is_authenticated:
                note(AccessEvent.Kind.REFUSED, request=request, user=request.user)
            return response


def act_of(request) -> str:
    """What the address is for, in words."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return "网页"
    if match.app_name == "admin":
        return "基础资料"
    if match.app_name == "api":
        return "接口"
    return ACTS.get(match.url_name or "", "网页")
