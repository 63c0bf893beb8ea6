"""The version of the plugin; the manifest repeats it, and a test holds the two together."""

VERSION = "0.1.0"
OLDEST_PYTHON = (3, 10)
"""What `sys.version_info` must be at least; pyproject.toml names it, too."""
