"""Addresses of uploads and batches of readings."""

from django.urls import path

from dashboard.data import views

urlpatterns = [
    path("data/", views.data, name="data"),
    path("data/templates/<str:layout>.<str:format>", views.blank_form, name="reading-template"),
    path("data/upload/", views.upload, name="reading-upload"),
    path("data/uploads/<int:pk>/", views.upload_page, name="reading-upload-page"),
    path("data/uploads/<int:pk>/columns/", views.columns, name="reading-upload-columns"),
    path("data/uploads/<int:pk>/import/", views.start_import, name="reading-upload-import"),
    path("data/uploads/<int:pk>/cancel/", views.cancel, name="reading-upload-cancel"),
    path("data/uploads/<int:pk>/errors/", views.errors, name="reading-upload-errors"),
    path("data/batches/<int:pk>/", views.batch, name="batch"),
    path("data/batches/<int:pk>/undo/", views.undo, name="batch-undo"),
]
