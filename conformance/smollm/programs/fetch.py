"""Has weights of any name fetched as the command has its own: `fetch.py FOLDER FILE REVISION SHA256 SIZE`."""

import sys
from pathlib import Path

from llemulator_addon.adapters.local_model.weights import NoWeights, Weights, weights_in

folder, file, revision, sha256, size = sys.argv[1:]
weights = Weights(repository="somebody/something", file=file, revision=revision, sha256=sha256, size=int(size))
try:
    print(weights_in(Path(folder), weights, print))
except NoWeights as error:
    sys.exit(str(error))
