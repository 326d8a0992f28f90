"""Files that run inside a build or target Python: their syntax is Python 3.5's.

Nothing here is imported by crossbuild; each file is copied or run by its path.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
