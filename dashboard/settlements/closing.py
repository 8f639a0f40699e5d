"""年清缴, act by act: 签认, 确认, 代为登记, 提请关账, 退回 and 关账, each after its 核对 page."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, Scope, viewer_of
from basins.clock import today
from basins.models import Jurisdiction
from dashboard.files.stored import stored_file
from dashboard.forms.acts import ActForm, CheckedFact, Decision, WhyForm, decide
from settlements.accruals.services.nets import in_words
from settlements.models import Party, Settlement
from settlements.moving.acting import speaks_for
from settlements.moving.acts import Refused, check, refuse_same_person
from settlements.papers.capitals import capitals
from settlements.years.queries.adjustments import of_year
from settlements.years.queries.closing import Subject, found_settlement
from settlements.years.queries.signing import (
    by_section,
    months_to_sign,
    visible_signature,
    void_signatures_of,
)
from settlements.years.services import closing as services
from settlements.years.services import signing
from settlements.years.services.year_data import YearData, refuse_unready

GET_POST = require_http_methods(["GET", "POST"])


class SignedOnPaperForm(ActForm):
    """代为登记: what the party signed on paper."""

    document = forms.CharField(
        label="文号", max_length=80, help_text="该方书面签认文件的文号，如 XX 函〔2024〕12 号。"
    )


class ScanForm(ActForm):
    """The paper itself, handed in on the 核对 page."""

    scan = forms.FileField(
        label="扫描件", help_text="该方书面文件的扫描件：PDF、PNG 或 JPEG，不超过 20 MB。"
    )


@GET_POST
def sign(request, code: str, year: int):
    return _signed(request, code, year, Subject.DATA)


@GET_POST
def confirm(request, code: str, year: int):
    return _signed(request, code, year, Subject.AMOUNT)


def _signed(request, code: str, year: int, subject: Subject):
    """A party's signature: by its own official, or entered for it with the document's number."""
    viewer = viewer_of(request.user)
    found = settlement_of_year(viewer, code, year)
    given = request.GET.get("party", "")
    if viewer.scope(Act.SIGN_YEAR) is Scope.OWN and not given:
        party = party_of_year(found, jurisdiction__in=speaks_for(viewer))
    elif viewer.may(Act.CONFIRM_FOR) and given:
        party = party_of_year(found, jurisdiction__code=given)
    else:
        raise Http404
    act = signing.sign_data if subject == Subject.DATA else signing.confirm_amounts
    event = "sign_data" if subject == Subject.DATA else "confirm"
    for_other = bool(given)

    def do(filled):
        document = {"party": party, **filled} if for_other else {}
        act(settlement=found, by=request.user, **document)
        return f"已{'代' + party.name + '登记' if for_other else signing.WORDS[subject]}。"

    try:
        check("settlement", event, found.state, found.get_state_display())
        if subject == Subject.DATA:
            refuse_unready(found)
        if party not in signing.unsigned(found, subject):
            raise Refused(f"{party}已{signing.WORDS[subject]}。")
    except Refused as refused:
        return sent_back(request, found, refused)
    data = YearData.of(found)
    digest = data.digest() if subject == Subject.DATA else data.amount_digest()
    own = next(n for n in nets_of_year(found) if n["place"] == party)
    words = signing.WORDS[subject].replace("年度", f" {year} 年度")
    return decide(
        request,
        Decision(
            title=f"代{party}{words}" if for_other else words,
            lead="签认后数据有变的，签认作废，须重新签认。"
            if subject == Subject.DATA
            else "各方都确认后由市局提请关账；金额有变的，确认作废。",
            button=f"代{party}登记" if for_other else signing.WORDS[subject],
            back=back_of_year(found),
            do=do,
            crumbs=crumbs_of_year(found, signing.WORDS[subject]),
            facts=[
                CheckedFact("协议", found.agreement.title, back_of_year(found)),
                CheckedFact("年度", f"{year} 年"),
                CheckedFact("签认方", party.name),
                CheckedFact(
                    "尚未签认", "、".join(j.name for j in signing.unsigned(found, subject))
                ),
                *deadline_of_year(found),
                CheckedFact("本方净额", in_words(own["yuan"])),
                CheckedFact("所签内容摘要", digest),
            ],
            form=SignedOnPaperForm if for_other else None,
            attach=ScanForm if for_other else None,
            part="closing/_signed.html",
            context={
                "sections": by_section(months_to_sign(viewer, found, party)),
                "adjustments": of_year(viewer, found.agreement, year),
                "void": void_signatures_of(found, party),
                "nets": nets_of_year(found),
                "party": party,
                "settlement": found,
            },
        ),
    )


class DecideSilentForm(ActForm):
    reason = forms.CharField(
        label="市局决定的理由", max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


@GET_POST
def remind(request, code: str, year: int):
    """催办 a party that has not signed."""
    found, party = _of_party(request, code, year, Act.CONFIRM_FOR)

    def do(filled):
        signing.remind_to_sign(settlement=found, party=party, by=request.user)
        return f"已催办{party}。"

    return decide(
        request,
        Decision(
            title=f"催办{party}",
            lead=f"每天至多一次；催办期满仍不表态的，{signing.silence_of(found).label}（按条款）。",
            button=f"催办{party.name}",
            back=back_of_year(found),
            do=do,
            crumbs=crumbs_of_year(found, "催办"),
            facts=[
                *year_facts(found),
                CheckedFact("被催办方", party.name),
                *deadline_of_year(found),
            ],
        ),
    )


@GET_POST
def decide_silent(request, code: str, year: int):
    """The bureau decides for a party that stayed silent."""
    found, party = _of_party(request, code, year, Act.DECIDE)

    def do(filled):
        signing.decide_silent(
            settlement=found, party=party, by=request.user, reason=filled["reason"]
        )
        return f"市局已就{party}逾期不表态作出决定。"

    return decide(
        request,
        Decision(
            title=f"{party}逾期不表态，由市局决定",
            lead="催办期满仍不表态，按条款由市局决定；视同该方已签认，并告知该方。",
            button="决定",
            back=back_of_year(found),
            do=do,
            crumbs=crumbs_of_year(found, "由市局决定"),
            facts=[
                *year_facts(found),
                CheckedFact("未表态方", party.name),
                *deadline_of_year(found),
            ],
            form=DecideSilentForm,
            part="closing/_nets.html",
            context={"nets": nets_of_year(found)},
            grave=True,
        ),
    )


def _of_party(request, code: str, year: int, act: Act) -> tuple[Settlement, Jurisdiction]:
    viewer = viewer_of(request.user)
    if not viewer.may(act):
        raise Http404
    found = settlement_of_year(viewer, code, year)
    return found, party_of_year(found, jurisdiction__code=request.GET.get("party", ""))


def deadline_of_year(found: Settlement) -> list[CheckedFact]:
    if found.sign_until is None:
        return []
    words = f"{found.sign_until}{'（暂定）' if found.sign_provisional else ''}"
    return [CheckedFact("截止日", words)]


def year_facts(found: Settlement) -> list[CheckedFact]:
    return [
        CheckedFact("协议", found.agreement.title, back_of_year(found)),
        CheckedFact("年度", f"{found.year} 年"),
        CheckedFact("现状态", str(found.get_state_display())),
    ]


@GET_POST
def prepare(request, code: str, year: int):
    found = _of_bureau(request, code, year)

    def do(filled):
        services.prepare_closing(settlement=found, by=request.user)
        return f"已提请{year}年关账，由市局另一人关账。"

    return _closing_act(
        request, found, "prepare", do,
        title=f"提请 {year} 年关账", lead="由市局另一人核对后关账；关账前可以退回。",
        button="提请关账", part="closing/_nets.html",
    )  # fmt: skip


@GET_POST
def send_back(request, code: str, year: int):
    found = _of_bureau(request, code, year)

    def do(filled):
        services.return_closing(settlement=found, by=request.user, why=filled["why"])
        return "已退回，回到“各方已确认”。"

    return _closing_act(
        request, found, "return", do,
        title=f"退回 {year} 年关账", lead="回到“各方已确认”；各方的签认不受影响。",
        button="退回关账", form=WhyForm, grave=True,
    )  # fmt: skip


@GET_POST
def close(request, code: str, year: int):
    found = _of_bureau(request, code, year)

    def do(filled):
        services.close_settlement(settlement=found, by=request.user)
        return f"{year}年已关账，清缴凭证已入账。"

    return _closing_act(
        request, found, "close", do,
        title=f"{year} 年关账", lead="关账不能撤回：本年各月转为已结清，此后只以调整更正。",
        button=f"{year} 年关账", part="closing/_entry.html",
    )  # fmt: skip


def _closing_act(request, found: Settlement, event: str, do, **words):
    try:
        move = check("settlement", event, found.state, found.get_state_display())
        if move.not_by:
            refuse_same_person("settlement", found.pk, move, request.user)
    except Refused as refused:
        return sent_back(request, found, refused)
    return decide(
        request,
        Decision(
            back=back_of_year(found),
            do=do,
            crumbs=crumbs_of_year(found, words["button"]),
            facts=year_facts(found),
            context={"nets": nets_of_year(found), "settlement": found, "on": today()},
            **words,
        ),
    )


def settlement_of_year(viewer, code: str, year: int) -> Settlement:
    found = found_settlement(viewer, code, year)
    if found is None:
        raise Http404
    return found


def _of_bureau(request, code: str, year: int) -> Settlement:
    viewer = viewer_of(request.user)
    if not viewer.may(Act.CLOSE):
        raise Http404
    return settlement_of_year(viewer, code, year)


def party_of_year(found: Settlement, **which) -> Jurisdiction:
    party = (
        Party.objects.filter(agreement=found.agreement_id, **which)
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .first()
    )
    if party is None:
        raise Http404
    return party.jurisdiction


def nets_of_year(found: Settlement) -> list[dict]:
    """Each party's net in figures and in capitals."""
    return [
        {"place": n.jurisdiction, "yuan": n.yuan, "capitals": capitals(abs(n.yuan))}
        for n in found.nets.select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("jurisdiction__code")
    ]


def sent_back(request, found: Settlement, refused: Refused):
    """Not possible now: said where one came from."""
    messages.error(request, str(refused))
    return redirect(back_of_year(found))


def back_of_year(found: Settlement) -> str:
    return reverse("settlement", args=[found.agreement.code, found.year])


def crumbs_of_year(found: Settlement, words: str) -> list[tuple[str, str | None]]:
    return [
        ("结算", reverse("settlement-list")),
        (f"{found.agreement.title} {found.year}年", back_of_year(found)),
        (words, None),
    ]


@require_GET
def signature_scan(request, pk: int):
    """The paper on which a party signed, as it was handed in."""
    found = visible_signature(viewer_of(request.user), pk)
    if found is None or not found.scan:
        raise Http404
    return stored_file(
        request,
        found.scan,
        name=found.scan_name,
        sha256=found.scan_sha256,
        what=f"{found.settlement}{found.jurisdiction}签认的书面材料",
    )
