"""Addresses of the interface's page and of its tokens."""

from django.urls import path

from dashboard.programs import tokens, views

urlpatterns = [
    path("api/", views.programs, name="programs"),
    path("data/tokens/", tokens.token_list, name="token-list"),
    path("data/tokens/new/", tokens.new, name="token-new"),
    path("data/tokens/<int:pk>/change/", tokens.change, name="token-change"),
    path("data/tokens/<int:pk>/revoke/", tokens.revoke, name="token-revoke"),
]
