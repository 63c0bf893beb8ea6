"""How much is logged."""

from __future__ import annotations

import logging


def set_debug(enabled: bool) -> None:
    """Log what helps to find a fault, too. Other people's libraries stay quiet."""
    logging.getLogger().setLevel(logging.DEBUG if enabled else logging.INFO)
