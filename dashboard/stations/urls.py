"""Addresses of stations and of what they sent that could not be taken."""

from django.urls import path

from dashboard.stations import letters, views

urlpatterns = [
    path("data/stations/", views.station_list, name="station-list"),
    path("data/stations/<str:mn>/", views.station, name="station"),
    path("data/stations/<str:mn>/factor/", views.factor, name="station-factor"),
    path("data/stations/<str:mn>/replay/", views.replay, name="station-replay"),
    path("data/letters/", letters.letter_list, name="letter-list"),
    path("data/letters/replay/", letters.replay, name="letter-replay"),
    path("data/letters/dismiss/", letters.dismiss, name="letter-dismiss"),
    path("data/letters/<int:pk>/", letters.letter, name="letter"),
    path("sections/<str:code>/stations/", views.of_section, name="section-stations"),
]
