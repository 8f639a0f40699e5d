"""核验: whether a paper or a file of one is what was issued here. Open without signing in.

Whoever holds a paper already has its number, date, amounts and digest, and its code cannot be
guessed; the page shows nothing beyond these. A file is compared by its digest and not kept.
"""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.papers.shown import shown
from settlements.papers.codes import BadCode, read_code
from settlements.papers.codes import shown as shown_code
from settlements.papers.queries.since import revised_since
from settlements.papers.services.papers import PaperFinding, PaperVerdict, verify_code, verify_file

LARGEST = 20 * 1024 * 1024
SIGNS = {"pdf": b"%PDF-", "xlsx": b"PK\x03\x04"}


class FileForm(forms.Form):
    file = forms.FileField(label="PDF 或 XLSX 文件", help_text="至多 20 MB；只比对摘要值，不留存。")

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError("文件超过 20 MB；本系统的文书不会这样大。")
        ending = file.name.strip().rpartition(".")[2].lower()
        head = file.read(5)
        file.seek(0)
        if ending not in SIGNS or not head.startswith(SIGNS[ending]):
            raise forms.ValidationError("不是 PDF 或 XLSX 文件；请选从本系统下载的原文件。")
        return file


class CodeForm(forms.Form):
    code = forms.CharField(
        label="核验码", max_length=40, help_text="印在文书每页页脚，如 ABCD-EFGH-JKMN-PQRS。"
    )

    def clean_code(self):
        try:
            return read_code(self.cleaned_data["code"])
        except BadCode as wrong:
            raise forms.ValidationError(str(wrong)) from wrong


@login_not_required
@require_http_methods(["GET", "POST"])
def verify(request):
    """By code or by file."""
    code_form, file_form = CodeForm(auto_id="code_%s"), FileForm(auto_id="file_%s")
    verdict = None
    if request.method == "POST" and "code" in request.POST:
        code_form = CodeForm(request.POST, auto_id="code_%s")
        if code_form.is_valid():
            return redirect("verify-code", code_form.cleaned_data["code"])
    elif request.method == "POST":
        file_form = FileForm(request.POST, request.FILES, auto_id="file_%s")
        if file_form.is_valid():
            verdict = verify_file(file_form.cleaned_data["file"].read())
    return _page(request, verdict, code_form, file_form)


@login_not_required
@require_http_methods(["GET", "POST"])
def verify_by_code(request, code: str):
    """The paper of a code; POST compares a file with it."""
    file_form = FileForm(auto_id="file_%s")
    code_form = CodeForm({"code": code}, auto_id="code_%s")
    if not code_form.is_valid():
        return _page(request, None, code_form, file_form)
    plain = code_form.cleaned_data["code"]
    verdict = verify_code(plain)
    if request.method == "POST":
        file_form = FileForm(request.POST, request.FILES, auto_id="file_%s")
        if file_form.is_valid():
            verdict = verify_file(file_form.cleaned_data["file"].read(), plain)
    return _page(
        request, verdict, CodeForm({"code": shown_code(plain)}, auto_id="code_%s"), file_form
    )


def _page(request, verdict: PaperVerdict | None, code_form: CodeForm, file_form: FileForm):
    wrong = next((f for f in (code_form, file_form) if f.is_bound and f.errors), None)
    status = 200
    if wrong is not None:
        status = 422
    elif verdict is not None and verdict.finding is PaperFinding.UNKNOWN:
        status = 404
    genuine = verdict is not None and verdict.finding is PaperFinding.GENUINE
    issued = verdict.issued if genuine and verdict is not None else None
    return render(
        request,
        "papers/verify.html",
        {
            "verdict": verdict,
            "genuine": genuine,
            "paper": shown(verdict.paper) if genuine and verdict and verdict.paper else None,
            "revised": revised_since(issued) if issued is not None else None,
            "code_form": code_form,
            "file_form": file_form,
            "wrong": wrong,
        },
        status=status,
    )
