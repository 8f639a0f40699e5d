"""推演情景: an agreement's terms, copied and changed, to see what they would have paid.

A scenario holds no figures: they are computed from its terms and the data whenever it is
looked at. Nothing of the books refers to it.
"""

import secrets

from django.conf import settings
from django.db import models

from settlements.models.agreements import Agreement


def new_token() -> str:
    """128 bits that nobody guesses, for a link to share."""
    return secrets.token_urlsafe(16)


class Scenario(models.Model):
    """`terms` is a list of {number, rule, parameters, since, until, sections}: `until` is the
    first day no longer in force, or null; parameters in a term's stored form; sections are
    {section, upstream, downstream, inflow, reference, share} by key, jurisdictions by code."""

    name = models.CharField("名称", max_length=80)
    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.CASCADE, related_name="scenarios"
    )
    terms = models.JSONField("条款")
    copied_on = models.DateField("条款抄自该日", help_text="此后协议的修订不再进入情景。")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="建立人",
        on_delete=models.CASCADE,
        related_name="scenarios",
    )
    token = models.CharField("分享码", max_length=32, unique=True, default=new_token)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)
    changed_at = models.DateTimeField("修改时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "推演情景"
        ordering = ["-changed_at", "-pk"]

    def __str__(self) -> str:
        return self.name
