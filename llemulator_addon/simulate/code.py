"""Short programs to show in an answer."""

from llemulator_addon.core.chance import Chance
from llemulator_addon.simulate.topics import Topic


def code_block(topic: Topic, chance: Chance) -> str:
    """Return a fenced block in the language that the question names, else in Python."""
    language = next((_LANGUAGES[word] for word in topic.words if word in _LANGUAGES), "python")
    name = next((word for word in topic.words if word.isascii() and word.isalpha() and word not in _LANGUAGES), "items")
    return f"```{language}\n{chance.one(_PROGRAMS[language]).replace('NAME', name).strip()}\n```"


_LANGUAGES = {
    "python": "python",
    "javascript": "javascript",
    "typescript": "javascript",
    "node": "javascript",
    "sql": "sql",
    "bash": "bash",
    "shell": "bash",
    "go": "go",
    "golang": "go",
    "rust": "rust",
}

_PROGRAMS = {
    "python": (
        '''
def summarize_NAME(values: list[str]) -> dict[str, int]:
    """Count how often each value occurs, the most frequent first."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


print(summarize_NAME(["plan", "check", "plan"]))
''',
        """
from dataclasses import dataclass


@dataclass
class Step:
    name: str
    done: bool = False


NAME = [Step("prepare"), Step("begin"), Step("review")]
for step in NAME:
    step.done = True
    print(f"{step.name}: {'done' if step.done else 'open'}")
""",
    ),
    "javascript": (
        """
function groupNAME(entries, key) {
  return entries.reduce((groups, entry) => {
    (groups[entry[key]] ??= []).push(entry);
    return groups;
  }, {});
}

console.log(groupNAME([{ step: "plan" }, { step: "check" }], "step"));
""",
    ),
    "sql": (
        """
SELECT category, COUNT(*) AS entries
FROM NAME
WHERE created_at >= DATE '2025-01-01'
GROUP BY category
ORDER BY entries DESC
LIMIT 10;
""",
    ),
    "bash": (
        """
#!/usr/bin/env bash
set -euo pipefail

for file in NAME/*.txt; do
  echo "$(wc -l < "$file") lines in ${file##*/}"
done
""",
    ),
    "go": (
        """
package main

import "fmt"

func main() {
	steps := []string{"plan", "begin", "review"}
	for number, step := range steps {
		fmt.Printf("%d. %s NAME\\n", number+1, step)
	}
}
""",
    ),
    "rust": (
        """
fn main() {
    let steps = ["plan", "begin", "review"];
    for (number, step) in steps.iter().enumerate() {
        println!("{}. {step} NAME", number + 1);
    }
}
""",
    ),
}
