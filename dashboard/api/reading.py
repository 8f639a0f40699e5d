"""GET of readings and sections: page by page, the newest values, where sections lie."""

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.response import Response

from basins.access import Act
from dashboard.api import asked
from dashboard.api.base import Endpoint, error, error_of, limited
from dashboard.api.formats import (
    AsCSV,
    AsGeoJSON,
    AsJSON,
    feature,
    moment,
    section_object,
    sections_csv,
    to_json,
    values_csv,
    values_json,
)
from dashboard.api.schema import NEWEST_READ, READINGS_READ, READINGS_SENT, SECTIONS_READ
from dashboard.api.tokens import TokenAuthentication, TokenThrottle
from dashboard.api.writing import Writing
from dashboard.frame.access_log import record_export
from monitoring.models import AccessToken, Section
from monitoring.sections.queries.places import section_places
from monitoring.sections.queries.values import (
    NoSuchSection,
    ValueLine,
    newest_values,
    value_page,
)
from monitoring.visible import Asking

VERSION = 1
NO_SECTION = "section 里有没有的断面；请用 /api/v1/sections/ 给出的编码。"


class ForPrograms(Endpoint):
    """Read by a token or a session, in the form that is asked for."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    throttle_classes = [TokenThrottle]
    renderer_classes = [AsJSON, AsCSV]
    parameters: tuple[str, ...] = ()  # those there are

    def get(self, request, **given: Any) -> Response:
        asking: Asking = request.auth if isinstance(request.auth, AccessToken) else self.viewer
        if not isinstance(asking, AccessToken) and not asking.may(Act.SEE_RESULTS):
            return error(404)
        asked.refuse_others(request.GET, self.parameters)
        try:
            with limited():
                return self.told(asking, request)
        except NoSuchSection:
            return error_of(400, "unknown_section", NO_SECTION)

    def told(self, asking: Asking, request) -> Response:
        raise NotImplementedError

    def cut(self, name: str, text: str, rows: int, following: str | None) -> Response:
        """A file of rows; that it was cut is said by its headers and its name."""
        if not isinstance(self.request.auth, AccessToken):
            record_export(self.request, f"接口给出的{name}", rows)
        headers = {"Cut": "true" if following else "false"}
        if following:
            headers["Link"] = f'<{following}>; rel="next"'
        file = f"{name}-cut" if following else name
        headers["Content-Disposition"] = f'attachment; filename="{file}.csv"'
        return given_as(text, headers)


def given_as(text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(text, headers={"Cache-Control": "private, no-store", **(headers or {})})


class Readings(ForPrograms, Writing):
    """GET and POST /api/v1/readings/"""

    parameters = asked.OF_READINGS
    http_method_names = ["get", "head", "post", "options"]

    @READINGS_READ
    def get(self, request, **given: Any) -> Response:
        return super().get(request, **given)

    @READINGS_SENT
    def post(self, request, **given: Any) -> Response:
        return super().post(request, **given)

    def told(self, asking: Asking, request) -> Response:
        wanted, limit = asked.wanted_of(request.GET), asked.limit_of(request.GET)
        page = value_page(asking, wanted, after=asked.key_of(request.GET), limit=limit)
        cursor = None
        if page.after is not None:
            section, indicator, at, origin = page.after
            cursor = asked.cursor_of(section, indicator, at.isoformat(), origin)
        following = asked.next_address(request.path, request.GET, cursor)
        if request.accepted_renderer.format == "csv":
            return self.cut("readings", values_csv(page.lines), len(page.lines), following)
        return given_as(values_document(page.lines, following, moment(page.complete_until)))


class NewestReadings(ForPrograms):
    """GET /api/v1/readings/latest/"""

    parameters = asked.OF_NEWEST

    @NEWEST_READ
    def get(self, request, **given: Any) -> Response:
        return super().get(request, **given)

    def told(self, asking: Asking, request) -> Response:
        wanted = asked.wanted_of(request.GET)
        valid = asked.one_of(request.GET, "status", ("valid",)) is not None
        lines = newest_values(asking, wanted, valid=valid)
        if request.accepted_renderer.format == "csv":
            return self.cut("latest", values_csv(lines), len(lines), None)
        return given_as(values_document(lines, None, None))


def values_document(lines: list[ValueLine], following: str | None, until: str | None) -> str:
    """`until`: only of pages that can be gone on from (complete_until)."""
    rest = {"cut": following is not None, "next": following}
    if until is not None:
        rest["complete_until"] = until
    return f'{{"version":{VERSION},"readings":{values_json(lines)},{to_json(rest)[1:]}'


class Sections(ForPrograms):
    """GET /api/v1/sections/"""

    parameters = asked.OF_SECTIONS
    renderer_classes = [AsJSON, AsCSV, AsGeoJSON]

    @SECTIONS_READ
    def get(self, request, **given: Any) -> Response:
        return super().get(request, **given)

    def told(self, asking: Asking, request) -> Response:
        limit = asked.limit_of(request.GET)
        places = section_places(
            asking,
            river=request.GET.get("river") or None,
            grade=asked.one_of(request.GET, "grade", Section.Grade.values),
            since=asked.moment(request.GET, "modified_since"),
            after=asked.code_of(request.GET),
            limit=limit + 1,
        )
        more, places = len(places) > limit, places[:limit]
        cursor = asked.cursor_of(places[-1].code) if more else None
        following = asked.next_address(request.path, request.GET, cursor)
        form = request.accepted_renderer.format
        if form == "csv":
            return self.cut("sections", sections_csv(places), len(places), following)
        links = {"Link": f'<{following}>; rel="next"'} if following else {}
        if form == "geojson":
            document = {
                "type": "FeatureCollection",
                "features": [feature(place) for place in places],
                "cut": more,
                "next": following,
            }
            return given_as(to_json(document), links)
        document = {
            "version": VERSION,
            "sections": [section_object(place) for place in places],
            "cut": more,
            "next": following,
        }
        return given_as(to_json(document))
