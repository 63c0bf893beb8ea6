"""The version of the plugin; the manifest repeats it, and a test holds the two together."""

VERSION = "0.1.0"
