"""The file that `mitmdump -s llemulator_addon/addon.py` loads. It defines nothing but `addons`.

mitmproxy runs this file under a name of its own, and leaves its folder first on `sys.path`, where our `script` or
`core` would hide other modules of these names.
"""

import sys
from pathlib import Path

sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from llemulator_addon.adapters.mitmproxy.mitmdump import StockInterception  # noqa: E402 - found by the lines above

addons = [StockInterception()]
