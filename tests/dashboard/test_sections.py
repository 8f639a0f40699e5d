"""The pages of the sections, as people of each role see them."""

import pytest
from django.urls import reverse


def test_smoke(border, people, client):
    border.assessed("2023-05", "IV")
    client.force_login(people.bureau)
    r = client.get("/sections/")
    assert r.status_code == 200
    r = client.get("/sections/BORDER/")
    assert r.status_code == 200
    print(r.content.decode()[:200])
