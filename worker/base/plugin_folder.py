"""Where the plugin's own files are."""

from __future__ import annotations

import os

PLUGIN_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""The folder of PlexSync.py, absolute."""
REQUIREMENTS = os.path.join(PLUGIN_FOLDER, "requirements.txt")
"""The packages that the plugin needs; requirements.lock is beside it."""
