"""第一天 (/start/): before anybody can sign in, the first two administrators; then the steps."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from basins import opening_code
from basins.access import Act, viewer_of
from basins.city import home, set_city
from basins.models import Jurisdiction, Role
from basins.refusals import Refused
from basins.services.person_acts import make_on_machine
from dashboard.forms.acts import Decision, decide
from dashboard.start.forms import WHO, OpeningForm, PlaceForm
from settlements.work.queries.first_day import StepState, first_day


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def start(request):
    """The steps for who is signed in; else, while there are no two administrators, the opening."""
    if not request.user.is_authenticated:
        if not opening_code.is_open():
            return redirect_to_login(request.get_full_path())
        return _opening(request)
    viewer = viewer_of(request.user)
    if not viewer.sees_all(Act.SEE_DRAFTS):
        raise Http404
    steps = first_day()
    lines = [(step, [each for each in step.links if viewer.may(each.act)]) for step in steps]
    todo = [step for step in steps if step.state in (StepState.OPEN, StepState.BEGUN)]
    context = {"lines": lines, "next": todo[0] if todo else None, "left": len(todo)}
    return render(request, "start/start.html", context)


def _opening(request):
    form = OpeningForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not opening_code.is_right(form.cleaned_data["code"]):
            form.add_error("code", "开通码不对；请在服务器上运行 manage.py opening_code 查看。")
        else:
            return _opened(request, form)
    status = 422 if form.errors else 200
    return render(request, "start/opening.html", {"form": form}, status=status)


def _opened(request, form: OpeningForm):
    """Both or none."""
    try:
        with transaction.atomic():
            for at in range(len(WHO)):
                make_on_machine(
                    user=form.user(at), password=form.cleaned_data[f"password-{at}"],
                    role=Role.Code.ADMIN, jurisdiction=None, why="以开通码建立",
                )  # fmt: skip
    except Refused as refused:
        form.add_error(None, str(refused))
        return render(request, "start/opening.html", {"form": form}, status=422)
    opening_code.forget()
    messages.success(
        request, "已建立两名协议管理员；请各自登录、改密码，再回到“开始使用”逐步建立。"
    )
    return redirect(f"{reverse('login')}?next={reverse('start')}")


@require_http_methods(["GET", "POST"])
def place(request):
    """Which city this is."""
    if not viewer_of(request.user).may(Act.EDIT_REFERENCE):
        raise Http404
    now = home()
    province = Jurisdiction.objects.filter(code=now.province).first()
    initial = {"name": now.name, "province": province.pk if province and now.is_set else None}
    return decide(
        request,
        Decision(
            title="设定本市",
            lead="写在每页抬头和文书上；文件里没写省份的断面归入所选的省。以后可以再改。",
            button="设定本市",
            back=reverse("start"),
            crumbs=[("开始使用", reverse("start")), ("设定本市", None)],
            form=PlaceForm,
            initial={k: v for k, v in initial.items() if v},
            do=lambda given: _placed(request, given),
        ),
    )


def _placed(request, given) -> str:
    city = set_city(name=given["name"], province=given["province"], by=request.user)
    return f"已设定：{city}，{city.province}。"
