"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
MAIN_SCRIPT = str(ROOT / "pages" / "navigation.py")
