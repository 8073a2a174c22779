"""The table of attacks: what is sent, and what must be answered. What must hold beside that is the same for all.

While any of them goes on, other clients of the same server are answered, none of them waits noticeably longer, and the
server's memory stays below what Kubernetes gives it, all attacks together.
"""

from collections.abc import Mapping

from conformance.attacks import answers, bodies, heads, loading, patterns, schemas, stored, unread
from conformance.attacks.attack import Attack

ATTACKS: Mapping[str, Attack] = {
    **answers.ATTACKS,
    **schemas.ATTACKS,
    **patterns.ATTACKS,
    **stored.ATTACKS,
    **unread.ATTACKS,
    **loading.ATTACKS,
    **heads.ATTACKS,
    **bodies.ATTACKS,
}
"""By name."""
