"""The one table of the fields that PlexSync carries from Stash to Plex.

To add a field, add its entry to TABLE, its mapping to `validation.metadata.MAPPINGS` and its inputs to
`stash.hook.RELEVANT_FIELDS`, which a hook has to know without this table (a test holds the two together). Everything
else follows from these: what Stash is asked for, how Plex's XML is read, what is compared and written, and what
`skip_fields` accepts.
"""

from __future__ import annotations

from collections.abc import Collection

FieldValue = str | float | tuple[str, ...] | None
"""One field's value: text ("" = empty), a rating (0..10, None = not rated) or names (() = none)."""

TEXT = "text"
LIST = "list"
NUMBER = "number"
IMAGE = "image"
"""Kinds of a field: one text; names; a number that may be missing; a picture, compared by its bytes."""

ALWAYS = "always"
NEVER = "never"
OURS = "ours"
"""What becomes of Plex's value where Stash has none: it is cleared; it stays; of its names those that we set go."""

TITLE_CHARACTERS = 255
"""Longest title, in characters. Chosen: 255 is the longest file name on common file systems.

Plex publishes no limits for the length of a title, a name or a summary. The bounds of titles and names are therefore
chosen: wide enough for anything a person writes, narrow enough that they always fit into one request. A summary has
none: it is sent as far as it fits (`plex.editing.room`).
"""

NAME_CHARACTERS = 255
"""Longest name of a studio, performer, tag or collection, in characters. Chosen, as for titles."""

DATE_CHARACTERS = 10
"""Length of a date as Plex takes it, YYYY-MM-DD (python-plexapi 4.18, mixins/edit.py)."""

RATING_MAXIMUM = 10
"""Highest user rating in Plex (Plex API description, `/:/rate`); Stash rates from 1 to 100 (Stash v0.30 schema)."""


class Field:
    """One row of the table; nothing changes it."""

    __slots__ = ("cleared", "inputs", "kind", "limit", "name", "plex_element", "plex_name", "query")

    def __init__(
        self,
        name: str,
        kind: str,
        *,
        plex_name: str,
        plex_element: str,
        inputs: tuple[str, ...] = (),
        query: str = "",
        cleared: str = ALWAYS,
        limit: int = 0,
    ) -> None:
        """
        name: as settings, reports and the log call it.
        kind: TEXT, LIST, NUMBER or IMAGE.
        plex_name: by which Plex edits and locks it (python-plexapi 4.18, mixins/edit.py), "" where Plex has a request
            of its own for it and no lock.
        plex_element: where a Video of /library/metadata shows it: for LIST the child elements, else the attribute.
        inputs: names of Stash v0.30's SceneUpdateInput and BulkSceneUpdateInput that change it.
        query: what a GraphQL query of a Scene has to select for it. What only some setting needs is no part of `inputs`
            and `query`, see `validation.in_force`.
        cleared: ALWAYS, NEVER or OURS.
        limit: of a text or of each name of a list in characters , of a number its highest
            value; 0 for none.
        """
        self.name = name
        self.kind = kind
        self.plex_name = plex_name
        self.plex_element = plex_element
        self.inputs = inputs
        self.query = query
        self.cleared = cleared
        self.limit = limit


TABLE: tuple[Field, ...] = (
    Field(
        "title",
        TEXT,
        plex_name="title",
        plex_element="title",
        inputs=("title",),
        query="title",
        cleared=NEVER,  # Stash's title is often empty because nobody typed one
        limit=TITLE_CHARACTERS,
    ),
    Field(
        "sort_title",
        TEXT,
        plex_name="titleSort",
        plex_element="titleSort",
        cleared=NEVER,
        limit=TITLE_CHARACTERS,
    ),
    Field(
        "studio",
        TEXT,
        plex_name="studio",
        plex_element="studio",
        inputs=("studio_id",),
        query="studio { id name }",
        limit=NAME_CHARACTERS,
    ),
    Field(
        "summary",
        TEXT,
        plex_name="summary",
        plex_element="summary",
        inputs=("details",),
        query="details",
    ),
    Field(
        "date",
        TEXT,
        plex_name="originallyAvailableAt",
        plex_element="originallyAvailableAt",
        inputs=("date",),
        query="date",
        limit=DATE_CHARACTERS,
    ),
    Field(
        "performers",
        LIST,
        plex_name="actor",
        plex_element="Role",
        inputs=("performer_ids",),
        query="performers { id name }",
        limit=NAME_CHARACTERS,
    ),
    Field(
        "tags",
        LIST,
        plex_name="genre",
        plex_element="Genre",
        inputs=("tag_ids",),
        query="tags { id name }",
        limit=NAME_CHARACTERS,
    ),
    Field(
        "collection",
        LIST,
        plex_name="collection",
        plex_element="Collection",
        inputs=("studio_id",),
        query="studio { id name }",
        cleared=OURS,
        limit=NAME_CHARACTERS,
    ),
    Field(
        "rating",
        NUMBER,
        plex_name="",
        plex_element="userRating",
        inputs=("rating", "rating100"),
        query="rating100",
        cleared=NEVER,  # it may have been given in Plex
        limit=RATING_MAXIMUM,
    ),
    Field(
        "content_rating",
        TEXT,
        plex_name="contentRating",
        plex_element="contentRating",
        cleared=NEVER,  # an agent's or a person's is worth more than none
        limit=NAME_CHARACTERS,
    ),
    Field(
        "tagline",
        TEXT,
        plex_name="tagline",
        plex_element="tagline",
        cleared=NEVER,
        limit=TITLE_CHARACTERS,
    ),
    Field(
        "original_title",
        TEXT,
        plex_name="originalTitle",
        plex_element="originalTitle",
        cleared=NEVER,
        limit=TITLE_CHARACTERS,
    ),
    Field(
        "director",
        LIST,
        plex_name="director",
        plex_element="Director",
        cleared=NEVER,
        limit=NAME_CHARACTERS,
    ),
    Field(
        "labels",
        LIST,
        plex_name="label",
        plex_element="Label",
        cleared=OURS,
        limit=NAME_CHARACTERS,
    ),
    Field(
        "poster",
        IMAGE,
        plex_name="thumb",
        plex_element="thumb",
        inputs=("cover_image",),
        query="paths { screenshot }",
        cleared=NEVER,
    ),
    Field(
        "background",
        IMAGE,
        plex_name="art",
        plex_element="art",
        inputs=("cover_image",),
        query="paths { screenshot }",
        cleared=NEVER,
    ),
)
"""Every field, in the order in which reports name them."""

FIELDS: dict[str, Field] = {field.name: field for field in TABLE}
"""The same by name; the names are what the setting `skip_fields` accepts."""

TEXT_FIELDS: tuple[str, ...] = tuple(field.name for field in TABLE if field.kind == TEXT)
LIST_FIELDS: tuple[str, ...] = tuple(field.name for field in TABLE if field.kind == LIST)
IMAGE_FIELDS: tuple[str, ...] = tuple(field.name for field in TABLE if field.kind == IMAGE)

COMPARED_FIELDS: tuple[str, ...] = tuple(field.name for field in TABLE if field.kind != IMAGE)
"""Fields whose values can be told from what Plex says of an item."""

PLEX_NAMES: dict[str, str] = {field.name: field.plex_name for field in TABLE if field.plex_name}
"""Our name of a field → Plex's; the fields that Plex edits and locks by name."""

OPTIONAL_INPUTS: frozenset[str] = frozenset(
    {"organized", "stash_ids", "director", "code", "group_ids", "groups", "movies"}  # of a scene
    | {"tag_ids:performer", "image:performer", "parent_id:studio", "parent_ids:tag", "child_ids:tag"}
    | {"name:group", "removed:group"}
)
"""What only some setting can make matter: names of Stash v0.30's SceneUpdateInput and BulkSceneUpdateInput, and names
of the other inputs with whose they are. A hook cannot know settings, so it passes them all;
`validation.in_force` knows which are used."""

NEEDED_BY: dict[str, str] = {
    "organized": "only_organized",
    "code": "code_as, or for {code} in a format",
    "director": "write_director",
    "parents": "a name that ends with / in a list of tags",
    "tags": "performer_tags",  # of a performer: a scene has them in every Stash
    "image_path": "performer_photos_url",
    "parent_studio": "parent_studio in collections_from",
    "groups": "groups in collections_from",
}
"""By the field of Stash's schema that a query names, the settings without which nobody asks for it, in words."""

INPUT_OF_KIND = {"performer": "performer_ids", "studio": "studio_id", "tag": "tag_ids"}
"""By which input of a scene it carries what a rename or a removal is about."""

DEPENDENT_INPUTS: frozenset[str] = OPTIONAL_INPUTS.union(
    *(field.inputs for field in TABLE), *((f"name:{kind}", f"removed:{kind}") for kind in INPUT_OF_KIND)
)
"""What does not matter where no setting in force uses it."""


def concerns_plex(inputs: tuple[str, ...], used: Collection[str]) -> bool:
    """Whether Plex may have to show something else after an edit of these inputs; () = nobody knows which.

    `used`: what the settings in force make matter (`validation.in_force.inputs_used`).
    """
    return not inputs or not DEPENDENT_INPUTS.difference(used).issuperset(inputs)


def is_empty(value: FieldValue) -> bool:
    """Whether a value says nothing. A rating of 0 says something."""
    return value is None or value == "" or value == ()
