"""The groups of OpenAI's API, with their work here and their limits. `README.md` and `docs/api.md` show them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiGroup:
    """Some operations that belong together."""

    name: str
    paths: tuple[str, ...]
    """Each stands for all paths below it too."""
    does: str
    lacks: str
    """Its limits; empty: none is known."""
    page: str = ""
    """The page below `docs/` that has more of it."""


GROUPS: tuple[ApiGroup, ...] = (
    ApiGroup(
        name="chat completions",
        paths=("/chat", "/completions"),
        does="JSON and stream: text, tool calls, refusals, `n`, log probabilities, audio; stored completions; the "
        "older completions",
        lacks="a model: rules answer, or a fallback",
        page="script.md",
    ),
    ApiGroup(
        name="responses",
        paths=("/responses",),
        does="JSON, stream and WebSocket: all item types, background, `previous_response_id`, resuming; retrieve, "
        "delete, cancel, compact",
        lacks="runs no hosted tool but those that this table names",
        page="websocket.md",
    ),
    ApiGroup(
        name="conversations",
        paths=("/conversations",),
        does="create, retrieve, update, delete, and their items; responses can continue them",
        lacks="",
    ),
    ApiGroup(
        name="embeddings, moderations",
        paths=("/embeddings", "/moderations"),
        does="unit vectors: the same text gives the same vector, similar texts give similar ones; scores from a short "
        "list of words",
        lacks="no meaning is known: only words in common make texts similar; pictures are not looked at",
    ),
    ApiGroup(
        name="models",
        paths=("/models",),
        does="list, retrieve; delete a fine-tuned one",
        lacks="",
    ),
    ApiGroup(
        name="images",
        paths=("/images",),
        does="generate and edit: a picture with the prompt's words as PNG, JPEG or WebP, by Base64 or address, and "
        "streams",
        lacks="an edit does not show its inputs; no variations",
        page="images.md",
    ),
    ApiGroup(
        name="audio",
        paths=("/audio",),
        does="speech as a tone in each format; transcriptions and translations with the script's words or those of our "
        "own speech; streams",
        lacks="neither speaks nor recognizes words; voices and consents are kept only",
        page="audio.md",
    ),
    ApiGroup(
        name="files and uploads",
        paths=("/files", "/uploads"),
        does="upload, list, retrieve, download, delete, expiry; uploads in parts with md5",
        lacks="`status` is `processed` at once",
        page="files.md",
    ),
    ApiGroup(
        name="batches",
        paths=("/batches",),
        does="create, retrieve, list, cancel; rules answer their lines, by the session's clock",
        lacks="a line is answered neither by a person nor by an upstream",
        page="batches.md",
    ),
    ApiGroup(
        name="vector stores",
        paths=("/vector_stores",),
        does="stores, their files and file batches by the session's clock; the texts of files are cut and searched, "
        "with filters; `file_search` of Responses",
        lacks="only words in common make a text fit; no `.doc` and `.pptx`",
        page="vector-stores.md",
    ),
    ApiGroup(
        name="fine-tuning",
        paths=("/fine_tuning",),
        does="jobs by the session's clock, with events, checkpoints and metrics; cancel, pause, resume; the model is "
        "listed and answers",
        lacks="a model learns nothing; permissions are kept only, and graders answer with invented values",
        page="fine-tuning.md",
    ),
    ApiGroup(
        name="webhooks",
        paths=("/webhook_endpoints", "/webhook_event_types"),
        does="endpoints by API and in scripts; signed deliveries for background responses, batches and fine-tuning, to "
        "addresses that `--webhooks` names; retries by the session's clock",
        lacks="realtime calls, videos, evaluations and agents cause no events; only a test sends one",
        page="webhooks.md",
    ),
    ApiGroup(
        name="containers",
        paths=("/containers",),
        does="containers with their files, sent or copied, also those that responses make for "
        "`code_interpreter` and `shell`, with skills; the bytes come back; expiry by the session's clock",
        lacks="nothing runs in them: a script says what `code_interpreter_call` prints and makes",
    ),
    ApiGroup(
        name="skills",
        paths=("/skills",),
        does="bundles of files or one zip file, with the name and the description of `SKILL.md`; versions, of which "
        "one is the default; zip files come back",
        lacks="no model reads them",
    ),
    ApiGroup(
        name="realtime",
        paths=("/realtime", "/live"),
        does="sessions over WebSocket, also of GPT-Live; client secrets, calls and live sessions are kept or accepted",
        lacks="no sound over WebRTC or SIP; live sessions have no Decisions, forks and sidebands",
        page="realtime.md",
    ),
    ApiGroup(
        name="agents",
        paths=("/agents", "/vaults", "/decisions", "/traces"),
        does="agents, sessions, automations, environments, vaults and decisions are kept; "
        "traces are accepted and discarded",
        lacks="no agent works, and a session has no events",
    ),
    ApiGroup(
        name="organization",
        paths=("/organization", "/projects"),
        does="projects, users, groups, roles, keys, certificates, limits and alerts are kept",
        lacks="usage and costs are empty; no right is checked",
    ),
    ApiGroup(
        name="ChatKit, safety, provenance",
        paths=("/chatkit", "/safety", "/content_provenance_checks"),
        does="sessions, threads and checks are kept or accepted",
        lacks="nothing is checked",
    ),
    ApiGroup(
        name="taken away by OpenAI",
        paths=("/assistants", "/threads", "/videos", "/evals"),
        does="404 since the day on which OpenAI took them away; before it, they are kept",
        lacks="no assistant answers, no video is made, no evaluation runs",
    ),
)


def group_of(path: str) -> ApiGroup:
    """Return the group of an operation's path below `/v1`; raises `LookupError` unless one has it."""
    found = [each for each in GROUPS if any(path == own or path.startswith(f"{own}/") for own in each.paths)]
    if len(found) != 1:
        message = f"{path} is in {len(found)} groups of tools/api_groups.py, but must be in one"
        raise LookupError(message)
    return found[0]
