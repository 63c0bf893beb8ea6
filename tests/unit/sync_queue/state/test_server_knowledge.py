"""What is remembered of a Plex server as such, in a real file."""

from __future__ import annotations

from sync_queue.manager import QueueManager
from sync_queue.state.server_knowledge import NameForm, ServerKnowledge


def test_a_name_is_remembered_under_the_exact_spelling_asked(manager: QueueManager) -> None:
    known = ServerKnowledge(manager.database, "one")
    form = NameForm("tags", "blue hat", "Blue Hat")
    known.save_forms([form, NameForm("tags", "of", "Of")])
    assert known.forms(["blue hat", "BLUE HAT"]) == [form]


def test_the_last_spelling_shown_stands(manager: QueueManager) -> None:
    known = ServerKnowledge(manager.database, "one")
    known.save_forms([NameForm("tags", "a", "A")])
    known.save_forms([NameForm("tags", "a", "á")])
    assert known.forms(["a"]) == [NameForm("tags", "a", "á")]


def test_each_server_has_ways_of_its_own(manager: QueueManager) -> None:
    one, two = ServerKnowledge(manager.database, "one"), ServerKnowledge(manager.database, "two")
    one.save_forms([NameForm("tags", "a", "A")])
    one.save_traits({"removal_ignores_case": True, "longest_list": 100})
    one.save_traits({"longest_list": 50})
    assert one.traits() == {"removal_ignores_case": True, "longest_list": 50}
    assert two.forms(["a"]) == []
    assert two.traits() == {}
