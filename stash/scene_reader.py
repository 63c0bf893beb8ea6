"""Reads scenes from Stash so that one of which it cannot tell anything keeps no other from being read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from stash.exceptions import SceneUnreadable, StashQueryFailed
from stash.scenes import SCENE_SELECTION, parse_scene, scene_selection
from stash.transport import GraphQLTransport
from validation.scene import Scene

_SCENES = (
    "query Scenes($ids: [ID!], $filter: FindFilterType) { findScenes(ids: $ids, filter: $filter) { scenes {%s} } }"
)
_NEXT = (
    "query NextScene($beyond: SceneFilterType, $filter: FindFilterType) "
    "{ findScenes(scene_filter: $beyond, filter: $filter) { scenes {%s} } }"
)


class Scenes(dict[int, Scene]):
    """Scenes by id; `unreadable` holds, by id, those for which Stash has no usable answer."""

    def __init__(self, scenes: Iterable[Scene] = (), unreadable: Mapping[int, SceneUnreadable] | None = None) -> None:
        super().__init__({scene.id: scene for scene in scenes})
        self.unreadable = dict(unreadable or {})

    def add(self, others: Scenes) -> None:
        """Take in what was read of others."""
        self.update(others)
        self.unreadable.update(others.unreadable)


class SceneReader:
    """Reads scenes over one connection. Raises StashUnavailable where Stash answers for none.

    `selection`: the fields of a Scene that are asked for, of which `parse` makes one.
    """

    def __init__(
        self,
        graphql: GraphQLTransport,
        selection: str = SCENE_SELECTION,
        parse: Callable[[Mapping[str, Any]], Scene] = parse_scene,
    ) -> None:
        self._graphql = graphql
        self._selection = selection
        self._parse = parse

    def select(self, also: Iterable[str]) -> None:
        """From now on ask for these fields of a Scene, too."""
        self._selection = scene_selection(also)

    def read(self, scene_ids: Sequence[int]) -> Scenes:
        """The scenes with these ids; one that no longer exists is absent.

        One request. Stash v0.30 refuses the whole list if it names a single scene that is gone; then a second request
        asks for each by itself. Where that fails, too, one scene may spoil it (a null where the schema allows none
        makes the whole answer null): it is found by halves, in at most two requests for each scene.
        """
        wanted = list(dict.fromkeys(scene_ids))  # Stash takes a repeated id for one that is gone
        if not wanted:
            return Scenes()  # to Stash, no ids would mean every scene
        variables = {"ids": list(map(str, wanted)), "filter": {"per_page": -1}}
        try:
            return self._parsed(self._graphql.query(_SCENES % self._selection, variables)["findScenes"]["scenes"])
        except StashQueryFailed:
            pass
        try:
            return self._each(wanted)
        except StashQueryFailed as error:
            self._require_an_answer(wanted, error)
            scenes = self._halves(wanted, error)
            if not scenes and len(scenes.unreadable) > 1:
                raise
            return scenes

    def _each(self, scene_ids: Sequence[int]) -> Scenes:
        positions = range(len(scene_ids))
        parameters = ", ".join(f"$id{position}: ID" for position in positions)
        questions = " ".join(
            f"scene{position}: findScene(id: $id{position}) {{{self._selection}}}" for position in positions
        )
        variables = {f"id{position}": str(scene_id) for position, scene_id in enumerate(scene_ids)}
        data = self._graphql.query(f"query EachScene({parameters}) {{ {questions} }}", variables)
        return self._parsed(scene for scene in data.values() if scene is not None)

    def _halves(self, scene_ids: Sequence[int], error: StashQueryFailed) -> Scenes:
        """What can be read of scenes that cannot be read together; `error` says why not."""
        if len(scene_ids) == 1:
            return Scenes(unreadable={scene_ids[0]: SceneUnreadable(scene_ids[0], error.reason)})
        middle = len(scene_ids) // 2
        found = Scenes()
        for half in (scene_ids[:middle], scene_ids[middle:]):
            try:
                part = self._each(half)
            except StashQueryFailed as failure:
                part = self._halves(half, failure)
            found.add(part)
        return found

    def _require_an_answer(self, scene_ids: Sequence[int], error: StashQueryFailed) -> None:
        """Raises `error` unless Stash answers for another scene: a locked database is no scene's fault.

        Asked for are the next ones beyond these, as a list with one of these in it might fail for that; where these are
        all that there are, the first and the last of them.
        """
        beyond = (("GREATER_THAN", max(scene_ids), "ASC"), ("LESS_THAN", min(scene_ids), "DESC"))
        answers = [self._next_scene(*each) for each in beyond]
        if any(answers):
            return
        is_whole_library = answers == [False, False] and len(scene_ids) > 1
        if not (is_whole_library and any(self._can_be_read(each) for each in (scene_ids[0], scene_ids[-1]))):
            raise error

    def _next_scene(self, modifier: str, scene_id: int, direction: str) -> bool | None:
        """Whether there is a scene beyond this one that can be read, None where Stash does not answer for it."""
        page = {"per_page": 1, "sort": "id", "direction": direction}
        variables = {"beyond": {"id": {"value": scene_id, "modifier": modifier}}, "filter": page}
        try:
            return bool(self._graphql.query(_NEXT % self._selection, variables)["findScenes"]["scenes"])
        except StashQueryFailed:
            return None

    def _can_be_read(self, scene_id: int) -> bool:
        try:
            self._each([scene_id])
        except StashQueryFailed:
            return False
        return True

    def _parsed(self, answers: Iterable[Mapping[str, Any]]) -> Scenes:
        """What the answers say, each by itself; one that is no scene spoils no other."""
        scenes, unreadable = [], {}
        for answer in answers:
            scene_id = int(answer["id"])
            try:
                scenes.append(self._parse(answer))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                reason = f"its answer is no scene ({type(error).__name__} {error})"
                unreadable[scene_id] = SceneUnreadable(scene_id, reason)
        return Scenes(scenes, unreadable)
