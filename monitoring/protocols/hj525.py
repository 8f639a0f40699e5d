"""Factor codes of water monitoring (HJ 525) and our indicator codes.

Source: HJ 525-2009 水污染物名称代码. STATED are the codes our collection of standards
gives; IN_USE are codes that published receivers of HJ 212 agree on, not yet checked
against the text of the standard (w20111 … w20123 name the total amount of the metal).
Algal density has no code here: receivers disagree about it. A code in neither table is
unknown: the caller keeps and reports it, never drops it.
"""

STATED = {
    "w01010": "WT",
    "w01001": "pH",
    "w01009": "DO",
    "w01014": "EC",
    "w01003": "TURB",
    "w01019": "CODMn",
    "w01018": "COD",
    "w01017": "BOD5",
    "w21003": "NH3-N",
    "w21011": "TP",
    "w21001": "TN",
    "w01016": "Chla",
    "w20124": "Mn",
}

IN_USE = {
    "w20122": "Cu",
    "w20123": "Zn",
    "w21017": "F",
    "w20128": "Se",
    "w20119": "As",
    "w20111": "Hg",
    "w20115": "Cd",
    "w20117": "Cr6",
    "w20120": "Pb",
    "w21016": "CN",
    "w23002": "VP",
    "w22001": "petroleum",
    "w19002": "LAS",
    "w21019": "sulfide",
    "w02003": "FC",
    "w21038": "sulfate",
    "w21022": "chloride",
    "w21007": "nitrate-N",
    "w20125": "Fe",
}

INDICATOR_OF = {**STATED, **IN_USE}
FACTOR_OF = {indicator: factor for factor, indicator in INDICATOR_OF.items()}


def indicator_of(factor: str) -> str | None:
    """The indicator code of an HJ 525 factor, None when unknown; capitals are accepted."""
    return INDICATOR_OF.get(factor.strip().lower())


def factor_of(indicator: str) -> str | None:
    """The HJ 525 factor of an indicator code, None when we hold none."""
    return FACTOR_OF.get(indicator)
