# ruff: noqa: E501 - tables of names read best in rows
"""Plausible values for plausible names: the value of a property that is called `email`, `city` or `price`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from llemulator_addon.core.chance import Chance
from llemulator_addon.simulate.harmless import FOLDER, Words
from llemulator_addon.simulate.sentences import sentence_about, title_about
from llemulator_addon.simulate.topics import content_words


@dataclass(frozen=True, slots=True)
class Property:
    """The property that a value is for."""

    name: Words
    """The words of its name: `created_at`, `createdAt` and `created-at` are `created`, `at`."""
    parent: Words
    """The words of the name of what it belongs to; empty at the top."""
    topic: str
    """The topic of the request."""


def words_of(name: str) -> Words:
    """Split a name of a program into its words, in lower case."""
    spaced = ""
    for at, character in enumerate(name):
        begins = character.isupper() and at > 0 and (name[at - 1].islower() or name[at + 1 : at + 2].islower())
        spaced += f" {character}" if begins else character if character.isalnum() else " "
    return tuple(spaced.lower().split())


def text_named(asked: Property, chance: Chance) -> str:
    """Return a text for a property; a sentence about the topic where its name says nothing."""
    for key in _keys(asked.name):
        if key in _TEXTS:
            return _TEXTS[key](asked, chance)
    if asked.name:
        return (
            f"{_join_words(asked.name)} {chance.integer(1, 20)}"
            if chance.holds(0.3)
            else title_about(asked.topic, chance)
        )
    return title_about(asked.topic, chance)


def range_named(asked: Property) -> tuple[float, float, int] | None:
    """Return the usual range of a number and its decimals."""
    return next((_NUMBERS[key] for key in _keys(asked.name) if key in _NUMBERS), None)


def make_formatted(kind: str, asked: Property, chance: Chance) -> str | None:
    """Return a text of one of JSON schema's formats; None where the format is not known."""
    made = _FORMATS.get(kind)
    return made(asked, chance) if made else None


def moment(chance: Chance) -> datetime:
    """Return a moment in the two years after the beginning of 2025, in UTC."""
    return _START + timedelta(minutes=chance.below(_TWO_YEARS))


def _keys(words: Words) -> tuple[str, ...]:
    """Return the ways to look up a name, most telling first; a plural is looked up as its singular too."""
    tried = ["".join(words), "".join(words[-2:]), "".join(words[:2]), *words[-1:], *words[:1], *words]
    return tuple(key for word in tried for key in (word, word.removesuffix("s"), word.removesuffix("es")) if key)


def _join_words(words: Words) -> str:
    return " ".join(words).capitalize()


_START = datetime(2025, 1, 1, tzinfo=UTC)
_TWO_YEARS = 2 * 365 * 24 * 60

_FIRST_NAMES = ("Ada", "Amara", "Anna", "Ben", "Chiara", "Daniel", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kenji",
                "Lena", "Luca", "Maya", "Noah", "Olivia", "Priya", "Rosa", "Samuel", "Sofia", "Tomás", "Yuki", "Zoe")  # fmt: skip
_LAST_NAMES = ("Almeida", "Bauer", "Chen", "Diallo", "Eriksson", "Fischer", "García", "Haddad", "Ivanova", "Jensen", "Kowalski",
               "Lindgren", "Moreau", "Nakamura", "Okafor", "Patel", "Quinn", "Rossi", "Schmidt", "Tanaka", "Walker")  # fmt: skip
_CITIES = (("Lisbon", "Portugal", "PT"), ("Oslo", "Norway", "NO"), ("Kyoto", "Japan", "JP"), ("Toronto", "Canada", "CA"),
           ("Nairobi", "Kenya", "KE"), ("Lyon", "France", "FR"), ("Seattle", "United States", "US"), ("Valencia", "Spain", "ES"),
           ("Melbourne", "Australia", "AU"), ("Bremen", "Germany", "DE"), ("Montevideo", "Uruguay", "UY"))  # fmt: skip
_STATES = ("California", "Ontario", "Bavaria", "Catalonia", "Victoria", "Oregon", "Tuscany", "Hokkaido")
_STREETS = ("Maple Street", "Harbour Road", "Garden Lane", "Station Avenue", "Mill Lane", "Park Row", "Orchard Way")
_COMPANIES = ("Northwind Labs", "Blue Harbor", "Juniper & Co", "Brightside Foods", "Cedar Analytics", "Lumen Works")
_PRODUCTS = (
    "Wireless Headphones",
    "Oak Desk Lamp",
    "Trail Running Shoes",
    "Espresso Grinder",
    "Linen Notebook",
    "Water Bottle",
)
_CATEGORIES = (
    "technology",
    "travel",
    "food",
    "science",
    "health",
    "finance",
    "education",
    "culture",
    "sports",
    "nature",
)
_ADJECTIVES = ("quiet", "bright", "steady", "curious", "gentle", "swift", "bold", "amber", "silver", "northern")
_NOUNS = ("harbor", "meadow", "lantern", "river", "falcon", "cedar", "compass", "orchard", "summit", "willow")
_DOMAINS = ("example.com", "example.org", "example.net")
_JOBS = ("Software Engineer", "Product Manager", "Data Analyst", "Designer", "Nurse", "Teacher", "Architect", "Chef")
_FOODS = (
    "olive oil",
    "fresh basil",
    "sea salt",
    "garlic",
    "tomatoes",
    "flour",
    "lemon zest",
    "butter",
    "red onion",
    "thyme",
)
_SKILLS = ("Python", "project planning", "public speaking", "data analysis", "TypeScript", "negotiation", "SQL")
_ANIMALS = ("otter", "red fox", "barn owl", "hedgehog", "dolphin", "lynx")
_COLORS = ("blue", "green", "amber", "crimson", "teal", "ivory", "charcoal", "lavender")
_MOODS = ("positive", "neutral", "negative")
_BOOKS = ("The Salt Path Home", "A Map of Small Hours", "Nine Lanterns", "The Quiet Orchard", "Letters from the Ferry")

_TextMaker = Callable[[Property, Chance], str]


def _one_of(values: tuple[str, ...]) -> _TextMaker:
    return lambda _, chance: chance.one(values)


def _first_name(_: Property, chance: Chance) -> str:
    return chance.one(_FIRST_NAMES)


def _last_name(_: Property, chance: Chance) -> str:
    return chance.one(_LAST_NAMES)


def _full_name(_: Property, chance: Chance) -> str:
    return f"{chance.one(_FIRST_NAMES)} {chance.one(_LAST_NAMES)}"


def _name(asked: Property, chance: Chance) -> str:
    """Name a thing by what it belongs to: people unless that says something else."""
    for words, maker in _NAMED_THINGS:
        if any(word.removesuffix("s") in words for word in asked.parent):
            return maker(asked, chance)
    return (
        _full_name(asked, chance)
        if not asked.parent or set(asked.parent) & _PEOPLE
        else title_about(asked.topic, chance)
    )


_PEOPLE = frozenset(
    {"user", "person", "people", "author", "customer", "contact", "member", "employee", "participant", "participants", "users"}
)  # fmt: skip


def _user_name(_: Property, chance: Chance) -> str:
    return f"{chance.one(_ADJECTIVES)}_{chance.one(_NOUNS)}{chance.integer(1, 99)}"


def _email(_: Property, chance: Chance) -> str:
    return f"{_ascii(chance.one(_FIRST_NAMES))}.{_ascii(chance.one(_LAST_NAMES))}@{chance.one(_DOMAINS)}"


def _ascii(name: str) -> str:
    return "".join(_PLAIN.get(character, character) for character in name.lower())


_PLAIN = {"á": "a", "í": "i", "é": "e", "ó": "o"}


def _slug(_: Property, chance: Chance) -> str:
    return f"{chance.one(_ADJECTIVES)}-{chance.one(_NOUNS)}"


def _url(asked: Property, chance: Chance) -> str:
    return f"https://example.com/{_slug(asked, chance)}"


def _image(asked: Property, chance: Chance) -> str:
    return f"{_url(asked, chance)}.png"


def _city(_: Property, chance: Chance) -> str:
    return chance.one(_CITIES)[0]


def _country(_: Property, chance: Chance) -> str:
    return chance.one(_CITIES)[1]


def _country_code(_: Property, chance: Chance) -> str:
    return chance.one(_CITIES)[2]


def _place(_: Property, chance: Chance) -> str:
    city, country, _code = chance.one(_CITIES)
    return f"{city}, {country}"


def _street(_: Property, chance: Chance) -> str:
    return f"{chance.integer(1, 220)} {chance.one(_STREETS)}"


def _address(asked: Property, chance: Chance) -> str:
    return f"{_street(asked, chance)}, {_city(asked, chance)}"


def _postcode(_: Property, chance: Chance) -> str:
    return chance.digits(5)


def _phone(_: Property, chance: Chance) -> str:
    # 555-01xx is set aside for fiction: https://nationalnanpa.com/number_resource_info/555_numbers.html
    return f"+1 {chance.integer(201, 989)} 555 01{chance.digits(2)}"


def _uuid(_: Property, chance: Chance) -> str:
    digits = "".join(f"{chance.below(16):x}" for _ in range(30))
    # Version 4, variant 10: https://www.rfc-editor.org/rfc/rfc9562#section-5.4
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-{'89ab'[chance.below(4)]}{digits[15:18]}-{digits[18:30]}"


def _id(asked: Property, chance: Chance) -> str:
    kind = (asked.name[:-1] or asked.parent)[-1:]
    prefix = kind[0][:4] if kind and kind[0] != "id" else "id"
    return f"{prefix}_{chance.digits(6)}"


def _code(_: Property, chance: Chance) -> str:
    return f"{chance.one(_NOUNS)[:3].upper()}-{chance.digits(4)}"


def _date(_: Property, chance: Chance) -> str:
    return moment(chance).date().isoformat()


def _time(_: Property, chance: Chance) -> str:
    return f"{chance.integer(7, 20):02}:{chance.one(('00', '15', '30', '45'))}"


def _full_time(asked: Property, chance: Chance) -> str:
    return f"{_time(asked, chance)}:00Z"


def _date_time(_: Property, chance: Chance) -> str:
    return moment(chance).isoformat().replace("+00:00", "Z")


def _duration(_: Property, chance: Chance) -> str:
    return chance.one(("PT15M", "PT30M", "PT1H", "PT1H30M", "PT2H", "P1D", "P3D", "P1W"))


def _minutes(_: Property, chance: Chance) -> str:
    return f"{5 * chance.integer(1, 18)} minutes"


def _host(asked: Property, chance: Chance) -> str:
    return f"{_slug(asked, chance)}.{chance.one(_DOMAINS)}"


def _ipv4(_: Property, chance: Chance) -> str:
    # Addresses for documentation: https://www.rfc-editor.org/rfc/rfc5737
    return f"{chance.one(('192.0.2', '198.51.100', '203.0.113'))}.{chance.integer(1, 254)}"


def _ipv6(_: Property, chance: Chance) -> str:
    # https://www.rfc-editor.org/rfc/rfc3849
    return f"2001:db8::{chance.integer(1, 0xFFFF):x}:{chance.integer(1, 0xFFFF):x}"


def _sentence(asked: Property, chance: Chance) -> str:
    return sentence_about(asked.topic, chance)


def _sentences(asked: Property, chance: Chance) -> str:
    return f"{sentence_about(asked.topic, chance)} {sentence_about(asked.topic, chance)}"


def _title(asked: Property, chance: Chance) -> str:
    return chance.one(_BOOKS) if "book" in asked.parent else title_about(asked.topic, chance)


def _question(asked: Property, chance: Chance) -> str:
    asking = ("What should I know first about {}?", "Where can I read more about {}?", "What usually goes wrong with {}?",
              "How long does it take to get used to {}?", "Can you give an example of {}?")  # fmt: skip
    return chance.one(asking).format(asked.topic)


def _search(asked: Property, _: Chance) -> str:
    return asked.topic


def _price(_: Property, chance: Chance) -> str:
    return f"${chance.integer(4, 199)}.{chance.one(('00', '50', '90', '99'))}"


def _file(_: Property, chance: Chance) -> str:
    return f"{chance.one(_ADJECTIVES)}_{chance.one(_NOUNS)}.txt"


def _path(asked: Property, chance: Chance) -> str:
    return f"{FOLDER}/{_file(asked, chance)}"


def _version(_: Property, chance: Chance) -> str:
    return f"{chance.integer(0, 4)}.{chance.integer(0, 12)}.{chance.integer(0, 9)}"


def _hash(_: Property, chance: Chance) -> str:
    return "".join(f"{chance.below(16):x}" for _ in range(40))


def _hex_color(_: Property, chance: Chance) -> str:
    return "#" + "".join(f"{chance.below(16):x}" for _ in range(6))


def _tag(asked: Property, chance: Chance) -> str:
    words = content_words(asked.topic)
    return chance.one(words) if words and chance.holds(0.7) else chance.one(_CATEGORIES)


def _word(_: Property, chance: Chance) -> str:
    return chance.one(_NOUNS)


_NAMED_THINGS: tuple[tuple[frozenset[str], _TextMaker], ...] = (
    (frozenset({"city", "town"}), _city),
    (frozenset({"country", "nation"}), _country),
    (frozenset({"company", "organization", "organisation", "employer", "brand", "vendor"}), _one_of(_COMPANIES)),
    (frozenset({"product", "item", "article"}), _one_of(_PRODUCTS)),
    (frozenset({"place", "venue", "location", "destination"}), _place),
    (frozenset({"ingredient", "food", "dish"}), _one_of(_FOODS)),
    (frozenset({"skill"}), _one_of(_SKILLS)),
    (frozenset({"animal", "pet"}), _one_of(_ANIMALS)),
    (frozenset({"book"}), _one_of(_BOOKS)),
    (frozenset({"color", "colour"}), _one_of(_COLORS)),
    (frozenset({"file", "document"}), _file),
)

_SENTENCE_NAMES = (
    "description", "explanation", "reason", "reasoning", "rationale", "comment", "note", "detail", "observation", "thought",
    "definition", "instruction", "step", "recommendation", "suggestion", "advice", "point", "finding", "insight", "goal",
    "objective", "caption", "fact", "pro", "con", "benefit", "risk", "example", "feedback", "argument", "claim", "evidence",
    "takeaway", "highlight", "justification", "analysi", "overview", "conclusion", "task", "requirement", "error", "critique",
    "hypothesis", "strength", "weaknesse", "weakness", "setup", "punchline", "snippet", "context", "purpose", "abstract",
)  # fmt: skip
_LONG_NAMES = (
    "text", "content", "body", "message", "answer", "output", "response", "reply", "result", "summary", "paragraph", "biography",
    "bio", "review", "story", "essay", "finalanswer", "final", "translation", "value", "thinking", "chainofthought",
)  # fmt: skip

_TEXTS: Mapping[str, _TextMaker] = {
    **dict.fromkeys(_SENTENCE_NAMES, _sentence),
    **dict.fromkeys(_LONG_NAMES, _sentences),
    **dict.fromkeys(("firstname", "givenname", "forename"), _first_name),
    **dict.fromkeys(("lastname", "surname", "familyname"), _last_name),
    **dict.fromkeys(("username", "nickname", "handle", "login", "screenname"), _user_name),
    **dict.fromkeys(("fullname", "person", "author", "owner", "assignee", "customer", "participant", "attendee", "speaker",
                     "character", "recipient", "sender", "contact", "patient", "people", "guest", "member", "manager",
                     "passenger", "director", "actor"), _full_name),
    "name": _name,
    **dict.fromkeys(("email", "mail", "emailaddress"), _email),
    **dict.fromkeys(("url", "uri", "link", "website", "homepage", "href", "source", "reference"), _url),
    **dict.fromkeys(("image", "imageurl", "avatar", "photo", "picture", "thumbnail", "logo", "icon"), _image),
    **dict.fromkeys(("city", "town"), _city),
    **dict.fromkeys(("country", "nationality"), _country),
    "countrycode": _country_code,
    **dict.fromkeys(("location", "place", "destination", "origin", "venue", "birthplace"), _place),
    **dict.fromkeys(("state", "province", "region", "county"), _one_of(_STATES)),
    **dict.fromkeys(("street", "streetaddress", "addressline"), _street),
    "address": _address,
    **dict.fromkeys(("zip", "zipcode", "postalcode", "postcode"), _postcode),
    **dict.fromkeys(("phone", "phonenumber", "telephone", "mobile", "fax"), _phone),
    **dict.fromkeys(("uuid", "guid"), _uuid),
    **dict.fromkeys(("id", "identifier", "reference", "ticket", "order"), _id),
    **dict.fromkeys(("code", "sku", "coupon", "serial"), _code),
    **dict.fromkeys(("date", "day", "birthday", "birthdate", "dateofbirth", "deadline", "duedate", "due", "startdate",
                     "enddate"), _date),
    **dict.fromkeys(("createdat", "updatedat", "timestamp", "datetime", "at", "publishedat"), _date_time),
    "time": _time,
    "starttime": _time,
    "endtime": _time,
    **dict.fromkeys(("duration", "preptime", "cooktime", "totaltime", "length"), _minutes),
    **dict.fromkeys(("timezone", "tz"), _one_of(("Europe/Lisbon", "America/Toronto", "Asia/Tokyo", "UTC"))),
    **dict.fromkeys(("host", "hostname", "domain", "server"), _host),
    **dict.fromkeys(("ip", "ipaddress"), _ipv4),
    **dict.fromkeys(("company", "organization", "organisation", "employer", "brand", "publisher", "vendor", "manufacturer"),
                    _one_of(_COMPANIES)),
    **dict.fromkeys(("product", "item", "productname"), _one_of(_PRODUCTS)),
    **dict.fromkeys(("category", "tag", "genre", "label", "topic", "keyword", "field", "subject", "domain", "interest",
                     "hobby", "theme", "type", "kind", "categorie", "hobbie"), _one_of(_CATEGORIES)),
    **dict.fromkeys(("job", "jobtitle", "occupation", "profession", "role", "position"), _one_of(_JOBS)),
    **dict.fromkeys(("ingredient", "food", "dish"), _one_of(_FOODS)),
    **dict.fromkeys(("skill", "technology", "tool"), _one_of(_SKILLS)),
    **dict.fromkeys(("color", "colour"), _one_of(_COLORS)),
    "hexcolor": _hex_color,
    **dict.fromkeys(("animal", "pet", "species"), _one_of(_ANIMALS)),
    **dict.fromkeys(("language", "locale"), _one_of(("English", "Spanish", "Japanese", "German", "French", "Portuguese"))),
    "languagecode": _one_of(("en", "es", "ja", "de", "fr", "pt")),
    **dict.fromkeys(("currency", "currencycode"), _one_of(("USD", "EUR", "GBP", "JPY", "CAD"))),
    **dict.fromkeys(("price", "cost", "amount", "total", "salary", "fee"), _price),
    **dict.fromkeys(("sentiment", "tone", "mood", "emotion"), _one_of(_MOODS)),
    **dict.fromkeys(("status", "stage"), _one_of(("active", "pending", "completed", "in progress"))),
    **dict.fromkeys(("priority", "severity", "level", "difficulty", "risklevel", "urgency", "confidence"),
                    _one_of(("low", "medium", "high"))),
    **dict.fromkeys(("unit", "units"), _one_of(("celsius", "kilometers", "grams"))),
    **dict.fromkeys(("gender", "sex"), _one_of(("female", "male", "nonbinary"))),
    **dict.fromkeys(("weather", "condition", "forecast"), _one_of(("sunny", "partly cloudy", "light rain", "overcast"))),
    **dict.fromkeys(("title", "headline", "heading", "subtitle", "section", "chapter", "event"), _title),
    **dict.fromkeys(("question", "followup", "followups", "prompt"), _question),
    **dict.fromkeys(("query", "searchquery", "search", "input"), _search),
    **dict.fromkeys(("file", "filename", "path", "filepath"), _path),
    **dict.fromkeys(("directory", "folder"), lambda _, __: FOLDER),
    "version": _version,
    **dict.fromkeys(("hash", "sha", "checksum", "token", "key", "apikey", "secret", "signature"), _hash),
    "slug": _slug,
    **dict.fromkeys(("word", "alias", "term"), _word),
    **dict.fromkeys(("expression", "formula", "equation"), lambda _, chance: f"{chance.integer(2, 9)} * {chance.integer(2, 9)}"),
    **dict.fromkeys(("tag", "keyword", "topic", "label", "theme"), _tag),
    "book": _one_of(_BOOKS),
}  # fmt: skip

_FORMATS: Mapping[str, _TextMaker] = {
    "date-time": _date_time,
    "date": _date,
    "time": _full_time,
    "duration": _duration,
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "uuid": _uuid,
    "uri": _url,
    "url": _url,
    "iri": _url,
    "uri-reference": _url,
    "iri-reference": _url,
    "json-pointer": lambda _, chance: f"/{chance.one(_NOUNS)}/{chance.below(9)}",
    "relative-json-pointer": lambda _, chance: f"{chance.below(4)}/{chance.one(_NOUNS)}",
    "regex": lambda _, chance: f"^{chance.one(_NOUNS)}-[0-9]+$",
    "uri-template": lambda asked, chance: f"{_url(asked, chance)}/{{id}}",
    "byte": lambda _, chance: chance.one(("aGVsbG8=", "bGFudGVybg==", "cml2ZXI=")),
    "binary": lambda _, chance: chance.one(("aGVsbG8=", "bGFudGVybg==", "cml2ZXI=")),
    "password": lambda _, chance: f"{chance.one(_ADJECTIVES)}-{chance.one(_NOUNS)}-{chance.digits(4)}",
    "decimal": lambda _, chance: f"{chance.integer(1, 900)}.{chance.digits(2)}",
}

_NUMBERS: Mapping[str, tuple[float, float, int]] = {
    "age": (18, 79, 0),
    "year": (1990, 2026, 0),
    "month": (1, 12, 0),
    "day": (1, 28, 0),
    "hour": (0, 23, 0),
    "minute": (0, 59, 0),
    "second": (0, 59, 0),
    **dict.fromkeys(("price", "cost", "amount", "total", "subtotal", "fee", "tax"), (4, 240, 2)),
    **dict.fromkeys(("salary", "income", "budget", "revenue"), (28_000, 140_000, 0)),
    **dict.fromkeys(("rating", "star"), (3, 5, 1)),
    **dict.fromkeys(("score",), (60, 99, 0)),
    **dict.fromkeys(
        ("confidence", "probability", "likelihood", "weight", "relevance", "similarity", "ratio"), (0.55, 0.99, 2)
    ),
    **dict.fromkeys(("percent", "percentage", "progress", "humidity", "discount"), (5, 95, 0)),
    **dict.fromkeys(("latitude", "lat"), (-60, 65, 4)),
    **dict.fromkeys(("longitude", "lon", "lng"), (-170, 170, 4)),
    **dict.fromkeys(("temperature", "temp"), (-5, 32, 1)),
    **dict.fromkeys(("quantity", "count", "number", "guest", "people", "serving", "seat", "adult"), (1, 8, 0)),
    **dict.fromkeys(("duration", "time", "length"), (5, 90, 0)),
    **dict.fromkeys(("height",), (150, 195, 0)),
    **dict.fromkeys(("distance",), (1, 400, 1)),
    **dict.fromkeys(("population",), (20_000, 4_000_000, 0)),
    **dict.fromkeys(("page", "step", "index", "position", "rank", "order", "level", "priority"), (1, 9, 0)),
    **dict.fromkeys(("limit", "size"), (5, 25, 0)),
    **dict.fromkeys(("port",), (1024, 9999, 0)),
    **dict.fromkeys(("id", "identifier"), (1000, 9999, 0)),
    **dict.fromkeys(("timestamp",), (1_735_689_600, 1_798_761_600, 0)),
    **dict.fromkeys(("calorie",), (80, 900, 0)),
    **dict.fromkeys(("x", "y", "a", "b"), (1, 50, 0)),
}
