"""Whose a Plex item is. Several scenes can lead to one item (versions, stacked parts, equal tails on two disks, names
that differ in case), but it belongs to one of them: the others write nothing to it.

Stash is asked for rivals only where it can matter. Most items have one file that one scene leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from plex.client import PlexClient
from plex.exceptions import PlexNotFound
from plex.files.paths import Parts
from plex.items import PlexItem
from plex.matcher import AS_WRITTEN, MatchedFile
from storage.database import Database
from sync_queue.state.pins import Pin, Pins
from sync_queue.state.sync_state import ItemState, SceneState, SyncState
from validation.scene import Scene
from worker.clients.context import SyncContext
from worker.clients.finder import Found
from worker.items.item_identity import adopted, has_its_files, is_same_item, parked


class Reason(str, Enum):
    """Why one scene owns an item, and not another one that leads to it."""

    EXACT = "exact"
    PINNED = "pinned"
    CAME_FIRST = "came_first"
    FIRST_FILE = "first_file"
    LOWER_ID = "lower_id"


@dataclass(frozen=True)
class Claim:
    """A scene that leads to an item.

    `path`: the scene's first file, as Stash sees it. `files`: which of the item's, as Plex sees them, it leads to;
    `by_tail`: nothing but how their paths end says that they are the same. `likeness`: as that of a MatchedFile, the
    best of all. `takes_part`: whether a sync would show the scene in Plex.
    """

    scene_id: int
    path: str = ""
    files: frozenset[str] = frozenset()
    by_tail: bool = False
    is_pinned: bool = False
    likeness: int = AS_WRITTEN
    takes_part: bool = True

    def outdoes(self, other: Claim) -> bool:
        """Whether this scene has the files that `other` only seems to have: its names are theirs, more exactly."""
        has_its_files = bool(other.files) and other.files <= self.files
        return has_its_files and other.likeness < self.likeness and not other.is_pinned


@dataclass(frozen=True)
class Yielded:
    """An item that a scene leads to, and that belongs to the scene of another claim. `own`: the scene's own claim."""

    rating_key: int
    owner: Claim
    own: Claim
    reason: Reason

    @property
    def is_ambiguous(self) -> bool:
        """Whether both scenes' files seem to be the same one in Plex, of which only one can be true."""
        return self.own.by_tail and self.own.files <= self.owner.files


@dataclass(frozen=True)
class Settled:
    """What Plex has of one scene: `items` are its own, with what is known of each.

    `yielded`: items of its files that show another scene. `outdone`: items of another scene's files, whose paths are
    exactly theirs, where its own differ in case or in the form of an accent.
    """

    found: Found
    items: tuple[tuple[PlexItem, ItemState], ...] = ()
    yielded: tuple[Yielded, ...] = ()
    outdone: tuple[Yielded, ...] = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        """Where the scene shows nowhere, paths of equal rivals: files in Plex, or those of scenes that are shown there.

        () where the scene has an item of its own, or only shares one with another file.
        """
        if self.items:
            return ()
        owners = tuple(each.owner.path for each in self.yielded if each.is_ambiguous)
        return owners or self.found.candidates


def owner_of(claims: Iterable[Claim], first_file: str, owned_by: int) -> Claim:
    """Whose an item is: a pin, else who owns it already, else the scene of its first file, else the lower id.

    A scene is out of the question where another one's path is more exactly that of the file. `owned_by`: the scene that
    owned it last, 0 for none.
    """
    everybody = tuple(claims)
    standing = [claim for claim in everybody if not any(other.outdoes(claim) for other in everybody)]
    showing = [claim for claim in standing if claim.takes_part]
    return min(showing or standing, key=lambda claim: _rank(claim, first_file, owned_by))


def reason_for(owner: Claim, other: Claim, first_file: str) -> Reason:
    """Why `owner` owns an item, and not `other`: that it was there first is said only where nothing else is for it."""
    if owner.outdoes(other):
        return Reason.EXACT
    ranks = list(zip(_RANKED, _rank(owner, first_file, 0), _rank(other, first_file, 0), strict=True))
    reason, one, another = next(each for each in ranks if each[1] != each[2])
    return reason if one < another else Reason.CAME_FIRST


def _rank(claim: Claim, first_file: str, owned_by: int) -> tuple[bool, bool, bool, int]:
    """In the order of _RANKED; the lowest rank owns the item."""
    return not claim.is_pinned, claim.scene_id != owned_by, first_file not in claim.files, claim.scene_id


_RANKED = (Reason.PINNED, Reason.CAME_FIRST, Reason.FIRST_FILE, Reason.LOWER_ID)


@dataclass
class _Contested:
    """An item, what is known of it, and the claims to it by scene."""

    item: PlexItem
    state: ItemState
    claims: dict[int, Claim] = field(default_factory=dict)

    @property
    def first_file(self) -> str:
        return self.item.files[0] if self.item.files else ""

    @property
    def owner(self) -> Claim:
        return owner_of(self.claims.values(), self.first_file, self.state.scene_id)


class Ownership:
    """Finds the items of scenes over one context, and settles whose they are.

    `takes_part` says whether a scene, with what earlier syncs know of it, is one that a sync would show in Plex.
    """

    def __init__(
        self, context: SyncContext, database: Database, takes_part: Callable[[Scene, SceneState | None], bool]
    ) -> None:
        self._context = context
        self._database = database
        self._takes_part = takes_part

    def find(self, scenes: Sequence[Scene], patient: Collection[int] = (), *, news_since: float = 0.0) -> list[Settled]:
        """One result for each scene; `patient` as for ItemFinder.find. Raises PlexError, StashUnavailable."""
        pins = self._pins.all()
        pinned = {
            number: [path for pin in pins if pin.scene_id == scene.id for path in pin.files]
            for number, scene in enumerate(scenes)
        }
        found = self._context.finder.find([scene.files for scene in scenes], pinned, patient, news_since=news_since)
        return self._settle(scenes, found)

    def remember(self, settled: Iterable[Settled]) -> None:
        """Before anything is written: keep what is known of films that had these keys, and have pins follow items."""
        owned = [each for result in settled for each in result.items]
        self._follow_pins(owned)
        stored = self._state.items([item.rating_key for item, _ in owned])
        displaced = [stored[item.rating_key] for item, _ in owned if not has_its_files(stored[item.rating_key], item)]
        lost = [(stored[item.rating_key], self._lost_files(stored[item.rating_key], item)) for item, _ in owned]
        renamed = {state.rating_key for item, state in owned if state.originals == stored[item.rating_key].originals}
        self._state.save_items(parked(state) for state in displaced if state.rating_key not in renamed)
        self._state.save_items(parked(state, files) for state, files in lost if files)

    def _lost_files(self, state: ItemState, item: PlexItem) -> list[str]:
        """Those files of an item that stays which another one has now: Plex split it."""
        lost = [path for path in state.files if path not in item.files] if has_its_files(state, item) else []
        return [path for path in lost if self._context.finder.has_file(path)]

    def _follow_pins(self, owned: Sequence[tuple[PlexItem, ItemState]]) -> None:
        for pin in self._pins.all() if owned else ():
            for item, state in owned:
                current = pin._replace(rating_key=item.rating_key, files=item.files)
                if pin.scene_id == state.scene_id and pin.holds_for(item.files) and pin != current:
                    self._pins.set(current)

    def _settle(self, scenes: Sequence[Scene], found: Sequence[Found]) -> list[Settled]:
        items = {item.rating_key: item for result in found for item in result.items}
        if not items:
            return [Settled(result) for result in found]
        pins = self._pins.all()  # once more, for it may have turned out that another server answers
        claims = _claims(items, zip(scenes, (result.files for result in found), strict=True), pins)
        contested = self._with_states(items, claims)
        self._add_rivals(contested, pins)
        return [_settled(scene, result, contested) for scene, result in zip(scenes, found, strict=True)]

    def _with_states(
        self, items: Mapping[int, PlexItem], claims: Mapping[int, dict[int, Claim]]
    ) -> dict[int, _Contested]:
        """Each item with its claims and what is known of it: by its files, for a key may mean another item by now."""
        state = self._state
        known = state.items(list(items))
        has_file = self._context.finder.has_file
        same = {key: is_same_item(known[key], items[key], claims[key], has_file) for key in items}
        strangers = [key for key in items if not same[key] or known[key] == ItemState(key)]
        leading = {scene_id for key in strangers for scene_id in claims[key]}
        left = state.items_of_scenes(sorted(leading)) if leading else []
        left += self._split_from([path for key in strangers for path in items[key].files])
        return {
            key: _Contested(item, known[key] if key not in strangers else adopted(item, left), dict(claims[key]))
            for key, item in items.items()
        }

    def _split_from(self, files: Sequence[str]) -> list[ItemState]:
        """The states of items that had some of these files and do not have them any more, whosever they are."""
        found = self._state.items_split_from(files) if files else []
        holders = {path: self._context.finder.keys_at(path) for each in found for path in each.files if path in files}
        return [each for each in found if not any(each.rating_key in holders.get(path, ()) for path in each.files)]

    def _add_rivals(self, contested: Mapping[int, _Contested], pins: Sequence[Pin]) -> None:
        """Add the claims of scenes that are not in the batch, where there may be any that matter."""
        open_questions = [each for each in contested.values() if self._may_have_rivals(each, pins)]
        if not open_questions:
            return
        tails = dict.fromkeys(tail for each in open_questions for tail in self._context.finder.stash_tails(each.item))
        stash = self._context.stash
        pinned = {pin.scene_id for each in open_questions for pin in pins if pin.holds_for(each.item.files)}
        present = {scene_id for each in open_questions for scene_id in each.claims}
        # An owner that Stash cannot list is there all the same.
        owners = {each.state.scene_id for each in open_questions if each.state.scene_id}
        outsiders = {*stash.scene_ids_with_path(path_pattern(tails)), *pinned, *owners} - present
        rivals = stash.scenes(sorted(outsiders))
        taking_part = {scene.id for scene in self._taking_part(list(rivals.values()))}
        leading = [(scene, self._context.finder.leads_to(scene.files)) for scene in rivals.values()]
        items = {each.item.rating_key: each.item for each in open_questions}
        for key, claims in _claims(items, leading, pins).items():
            outside = {each: replace(claim, takes_part=each in taking_part) for each, claim in claims.items()}
            contested[key].claims.update({**outside, **contested[key].claims})
            owner = contested[key].state.scene_id
            if owner in rivals.unreadable:  # nobody takes its place for that
                contested[key].claims[owner] = Claim(owner)

    def _may_have_rivals(self, contested: _Contested, pins: Sequence[Pin]) -> bool:
        """Whether a scene that is not in the batch may own the item."""
        if any(claim.is_pinned for claim in contested.claims.values()):
            return False
        if any(pin.holds_for(contested.item.files) for pin in pins):
            return True
        owner = contested.state.scene_id
        if owner:
            return owner not in contested.claims
        claims = contested.claims.values()
        if len(contested.item.files) > 1 or any(claim.likeness < AS_WRITTEN for claim in claims):
            return True
        return self._context.finder.has_several_roots and any(claim.by_tail for claim in claims)

    def _taking_part(self, scenes: Sequence[Scene]) -> list[Scene]:
        """Those scenes that show in Plex. An undone one is among them: nobody else takes its place."""
        known = self._state.scenes([scene.id for scene in scenes])
        not_undone = {key: replace(state, undone=None) for key, state in known.items()}
        return [scene for scene in scenes if self._takes_part(scene, not_undone.get(scene.id))]

    @property
    def _state(self) -> SyncState:
        return SyncState(self._database, self._context.plex.machine_identifier)

    @property
    def _pins(self) -> Pins:
        return Pins(self._database, self._context.plex.machine_identifier)


def pin_scene(plex: PlexClient, database: Database, scene_id: int, rating_key: int) -> Pin:
    """Have an item show this scene from the next sync on, whatever else leads to it. Returns the pin.

    Raises PlexNotFound where Plex has no such item, PlexError.
    """
    item = plex.items([rating_key]).get(rating_key)
    if item is None:
        raise PlexNotFound(f"Plex has no item {rating_key}")
    pin = Pin(scene_id, rating_key, item.files)
    Pins(database, plex.machine_identifier).set(pin)
    return pin


def unpin_scene(plex: PlexClient, database: Database, scene_id: int, rating_key: int | None = None) -> int:
    """Remove a scene's pin to an item, or all of its pins; returns how many there were. Raises PlexError.

    The scene stays where it shows, as long as it leads there, for it owns the item.
    """
    return Pins(database, plex.machine_identifier).remove(scene_id, rating_key)


def _claims(
    items: Mapping[int, PlexItem], leading: Iterable[tuple[Scene, Sequence[MatchedFile]]], pins: Sequence[Pin]
) -> dict[int, dict[int, Claim]]:
    """The claims to each item, by its key and the scene; `leading`: scenes, with the files in Plex they lead to."""
    claims: dict[int, dict[int, Claim]] = {key: {} for key in items}
    for scene, files in leading:
        chosen = [pin for pin in pins if pin.scene_id == scene.id]
        pinned = {key for key, item in items.items() if chosen and any(pin.holds_for(item.files) for pin in chosen)}
        for key in pinned | {file.rating_key for file in files if file.rating_key in items}:
            mine = [file for file in files if file.rating_key == key]
            paths = frozenset(file.path for file in mine)
            by_tail = any(file.by_tail for file in mine)
            likeness = max((file.likeness for file in mine), default=AS_WRITTEN)
            claims[key][scene.id] = Claim(scene.id, scene.path, paths, by_tail, key in pinned, likeness)
    return claims


def _settled(scene: Scene, found: Found, contested: Mapping[int, _Contested]) -> Settled:
    """What is the scene's of all that was found for it."""
    items: list[tuple[PlexItem, ItemState]] = []
    yielded: list[Yielded] = []
    outdone: list[Yielded] = []
    for item in found.items:
        each = contested[item.rating_key]
        owner, own = each.owner, each.claims[scene.id]
        if owner is own:
            items.append((item, _owned(each.state, item, scene.id)))
        else:
            reason = reason_for(owner, own, each.first_file)
            (outdone if reason is Reason.EXACT else yielded).append(Yielded(item.rating_key, owner, own, reason))
    return Settled(found, tuple(items), tuple(yielded), tuple(outdone))


def _owned(state: ItemState, item: PlexItem, scene_id: int) -> ItemState:
    """The state of an item that is this scene's now.

    What was there before us belongs to the item. The pictures that it has are those of the scene before, so that they
    have to be looked at, even where this scene's own has not changed.
    """
    uploading = state.uploading if state.scene_id in (0, scene_id) else {**state.images, **state.uploading}
    return replace(state, files=item.files, scene_id=scene_id, uploading=uploading)


def path_pattern(tails: Collection[Parts]) -> str:
    """A regular expression, without regard to case, for paths with one of these ends.

    It may fit others, too: whatever two systems may write in different ways is left open.
    """
    return f"(?i)(?:^|[/\\\\])(?:{'|'.join(map(_tail_pattern, tails))})$"


def _tail_pattern(tail: Parts) -> str:
    return r"[/\\]+".join(map(_name_pattern, tail.exact))


def _name_pattern(name: str) -> str:
    """ASCII letters and digits stand for themselves. A sign is any one character, as SMB shows some otherwise. What is
    not ASCII is any characters, for an accent may be one of its own."""
    pattern = ""
    for character in name:
        if character.isascii():
            pattern += character if character.isalnum() else "."
        elif not pattern.endswith(".+"):
            pattern += ".+"
    return pattern


def told(yielded: Yielded) -> str:
    """What somebody is told who wonders why a scene is not the one that Plex shows."""
    owner = yielded.owner.scene_id
    if yielded.reason is Reason.EXACT:
        return f"The item there is that of scene {owner}, whose file has exactly that name"
    reasons = {
        Reason.PINNED: f"scene {owner} is pinned to it",
        Reason.CAME_FIRST: f"scene {owner} was there first",
        Reason.FIRST_FILE: f"the first file there is that of scene {owner}",
        Reason.LOWER_ID: f"scene {owner} has the lower number",
    }
    return f"Plex shows scene {owner} in this place, as its item can show one scene only and {reasons[yielded.reason]}"
