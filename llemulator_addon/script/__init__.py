"""The language of scripts. `script.reading` reads one; `rule`, `match` and `reply` are its parts."""
