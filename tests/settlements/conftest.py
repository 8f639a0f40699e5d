"""A border and its people, told once for all the tests of a file (tests.told_once)."""

from tests.told_once import of_told, told_once

told = told_once()
border, people = of_told("border"), of_told("people")
