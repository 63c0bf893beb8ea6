"""What is wrong with the settings as Stash has them now. Heavy."""

from __future__ import annotations

from stash.exceptions import StashUnavailable
from validation.errors import ConfigError
from validation.problems import replaced_in_words
from worker.drain.parts import Workplace


def settings_problems(workplace: Workplace) -> list[str]:
    """A sentence for each setting that is wrong, also where its default is in force meanwhile."""
    try:
        config = workplace.contexts.read_settings()
        return [*map(replaced_in_words, config.replaced), *workplace.contexts.missing(config).values()]
    except ConfigError as error:
        return list(map(str, error.problems))
    except StashUnavailable as error:
        return [str(error)]
