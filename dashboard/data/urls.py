"""Addresses of uploads and batches of readings."""

from django.urls import path

from dashboard.data import sending, views

urlpatterns = [
    path("data/", views.data, name="data"),
    path("data/templates/<str:layout>.<str:format>", views.blank_form, name="reading-template"),
    path("data/upload/", views.upload, name="reading-upload"),
    path("data/uploads/<int:pk>/", views.upload_page, name="reading-upload-page"),
    path("data/uploads/<int:pk>/columns/", views.columns, name="reading-upload-columns"),
    path("data/uploads/<int:pk>/import/", views.start_import, name="reading-upload-import"),
    path("data/uploads/<int:pk>/cancel/", views.cancel, name="reading-upload-cancel"),
    path("data/uploads/<int:pk>/errors/", views.errors, name="reading-upload-errors"),
    path("data/export/", sending.sending, name="reading-exports"),
    path("data/export/<int:pk>/", sending.sent, name="reading-export"),
    path("data/export/<int:pk>/cancel/", sending.cancel, name="reading-export-cancel"),
    path("data/export/<int:pk>/file/", sending.fetch, name="reading-export-file"),
    path("data/batches/<int:pk>/", views.batch, name="batch"),
    path("data/batches/<int:pk>/undo/", views.undo, name="batch-undo"),
]
