"""地图文件 (/start/map/): what a GeoJSON holds, drawn, and kept once it was looked at."""

import json
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from basins.access import Act, viewer_of
from basins.services.map_file import MapFile, read_map, store_map
from dashboard.forms.actions import wanted
from dashboard.map.projection import Projection, rings
from dashboard.start.forms import MapFileForm
from written.text import FileError


@dataclass(frozen=True, slots=True)
class Sketch:
    """The shapes of a file as SVG paths."""

    width: int
    height: int
    areas: tuple[str, ...]
    lines: tuple[str, ...]


@require_http_methods(["GET", "POST"])
def map_file(request):
    if not viewer_of(request.user).may(Act.EDIT_REFERENCE):
        raise Http404
    if request.method == "GET":
        return render(request, "start/map.html", {"form": MapFileForm()})
    if wanted(request, "check", "do", missing="check") == "do":
        return _kept(request)
    form = MapFileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            file = read_map(form.cleaned_data["file"].read())
        except FileError as error:
            form.add_error("file", str(error))
        else:
            return _checked(request, file, form.cleaned_data["source"])
    return render(request, "start/map.html", {"form": form}, status=422)


def _checked(request, file: MapFile, source: str):
    context = {
        "file": file,
        "source": source,
        "sketch": sketch(file),
        "kept": json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {"properties": {"code": f.code, "name": f.name}, "geometry": f.geometry}
                    for f in file.fitting
                ],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ),
    }
    return render(request, "start/map_check.html", context)


def _kept(request):
    try:
        file = read_map(request.POST.get("map", "").encode())
    except FileError as error:
        messages.error(request, f"没有导入：{error}")
        return redirect("start-map")
    source = request.POST.get("source", "").strip()
    areas, lines = store_map(file=file, source=source, by=request.user)
    messages.success(request, f"已导入 {areas} 个区县的界线、{lines} 条河流的走向。")
    return redirect("start")


def sketch(file: MapFile) -> Sketch:
    """What the file holds, whether it fits or not."""
    areas = [ring for f in file.features if not f.is_line for ring in rings(f.geometry)]
    lines = [
        line
        for f in file.features
        if f.is_line
        for line in (
            [f.geometry["coordinates"]]
            if f.geometry["type"] == "LineString"
            else f.geometry["coordinates"]
        )
    ]
    frame = Projection.around(point for part in (*areas, *lines) for point in part)
    return Sketch(
        frame.width,
        frame.height,
        tuple(frame.path(ring, close=True) for ring in areas),
        tuple(frame.path(line) for line in lines),
    )
