"""Addresses of laboratory samples."""

from django.urls import path

from dashboard.samples import views

urlpatterns = [
    path("data/samples/", views.sample_list, name="sample-list"),
    path("data/samples/new/", views.new, name="sample-new"),
    path("data/samples/<int:pk>/", views.sample, name="sample"),
    path("data/samples/<int:pk>/correct/", views.correct, name="sample-correct"),
    path("data/samples/<int:pk>/report/", views.report, name="sample-report"),
]
