"""Places that are written with their region, such as `Paris, France` or `Washington, D.C.`: each is one place."""

from collections.abc import Iterable

REGIONS = frozenset(
    name.strip()
    for names in (
        # States, provinces and territories.
        "Alabama, Alaska, Arizona, Arkansas, California, Colorado, Connecticut, Delaware, Florida, Georgia, Hawaii",
        "Idaho, Illinois, Indiana, Iowa, Kansas, Kentucky, Louisiana, Maine, Maryland, Massachusetts, Michigan",
        "Minnesota, Mississippi, Missouri, Montana, Nebraska, Nevada, New Hampshire, New Jersey, New Mexico",
        "New York State",
        "North Carolina, North Dakota, Ohio, Oklahoma, Oregon, Pennsylvania, Rhode Island, South Carolina",
        "South Dakota, Tennessee, Texas, Utah, Vermont, Virginia, Washington State, West Virginia, Wisconsin, Wyoming",
        "D.C., DC",
        "AL, AK, AZ, AR, CA, CO, CT, DE, FL, GA, HI, ID, IL, IN, IA, KS, KY, LA, ME, MD, MA, MI, MN, MS, MO, MT, NE",
        "NV, NH, NJ, NM, NY, NC, ND, OH, OK, OR, PA, RI, SC, SD, TN, TX, UT, VT, VA, WA, WV, WI, WY",
        "Ontario, Quebec, British Columbia, Alberta, Manitoba, Saskatchewan, Nova Scotia, ON, QC, BC, AB",
        "New South Wales, Queensland, Tasmania, NSW, England, Scotland, Wales, Northern Ireland, Bavaria",
        # Countries.
        "Argentina, Australia, Austria, Bangladesh, Belgium, Bolivia, Brazil, Bulgaria, Cambodia, Canada, Chile, China",
        "Colombia, Costa Rica, Croatia, Cuba, Czechia, Denmark, Ecuador, Egypt, Estonia, Ethiopia, Finland, France",
        "Germany, Ghana, Greece, Hungary, Iceland, India, Indonesia, Iran, Iraq, Ireland, Israel, Italy, Jamaica",
        "Japan, Jordan, Kenya, Kuwait, Latvia, Lebanon, Lithuania, Malaysia, Mexico, Morocco, Nepal, Netherlands",
        "New Zealand, Nigeria, Norway, Oman, Pakistan, Peru, Philippines, Poland, Portugal, Qatar, Romania, Russia",
        "Saudi Arabia, Senegal, Serbia, Slovakia, Slovenia, South Africa, South Korea, Korea, Spain, Sri Lanka, Sweden",
        "Switzerland",
        "Taiwan, Tanzania, Thailand, Tunisia, Turkey, Uganda, Ukraine, United Arab Emirates, United Kingdom",
        "United States, Uruguay, Venezuela, Vietnam, UK, U.K., US, U.S., USA, U.S.A., UAE",
    )
    for name in names.split(",")
)
"""Names that stand behind a place and a comma."""

_MOST = 3
"""Regions of one place: `London, Ontario, Canada` has two."""


def join_regions(places: Iterable[str], text: str) -> tuple[str, ...]:
    """Return the places with their regions, as the text writes them; a region that was joined is no place of its own.

    In a list of regions (`France, Germany`) none belongs to another.
    """
    joined: list[str] = []
    taken: set[str] = set()
    for place in places:
        regions = [] if place in REGIONS else _find_regions(place, text)
        taken.update(regions)
        taken.update(letter for region in regions for letter in region.split(".") if "." in region)
        joined.append(", ".join((place, *regions)))
    return tuple(dict.fromkeys(place for place in joined if place not in taken))


def _find_regions(place: str, text: str) -> list[str]:
    found: list[str] = []
    _, _, rest = text.partition(f"{place}, ")
    while rest and len(found) < _MOST and (region := _begin_with_region(rest)) is not None:
        found.append(region)
        after = rest.removeprefix(region)
        rest = after.removeprefix(", ") if after.startswith(", ") else ""
    return found


def _begin_with_region(rest: str) -> str | None:
    """Return the longest region with which a text begins."""
    begun = (name for name in REGIONS if rest.startswith(name) and not rest[len(name) : len(name) + 1].isalnum())
    return max(begun, key=len, default=None)
