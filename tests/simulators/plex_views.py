"""How the simulated server's state looks in its replies: which attributes and children each element has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from tests.simulators.plex_edits import TAG_FIELDS
from tests.simulators.plex_items import ImageKind, Item, Section
from tests.simulators.plex_library import PlexLibrary
from tests.simulators.plex_listing import Page
from tests.simulators.plex_xml import Element

IDENTIFIER = "com.plexapp.plugins.library"
LISTED_TAGS = 3  # a listing carries only the first few genres and roles
TAG_ELEMENTS = {
    "genre": "Genre",
    "director": "Director",
    "actor": "Role",
    "collection": "Collection",
    "label": "Label",
}
LISTED_KINDS = ("genre", "actor")


def container(size: int, **attributes: str | int | bool) -> Element:
    """Return the outermost element of nearly every reply."""
    element = Element("MediaContainer", size=size, allowSync=True, identifier=IDENTIFIER)
    element.attributes.update(attributes)
    return element


def item_page(library: PlexLibrary, page: Page, *, full: bool, collections: bool = False) -> Element:
    """Return items with all that Plex knows of them, or as in a listing, there with their collections if asked."""
    attributes: dict[str, str | int] = {"offset": page.start} if page.paged else {}
    if page.paged and page.total is not None:
        attributes["totalSize"] = page.total
    keys = {item.section_key for item in page.items}
    if len(keys) == 1:
        section = library.sections[keys.pop()]
        attributes["librarySectionID"] = section.key
        attributes["librarySectionTitle"] = section.title
        attributes["librarySectionUUID"] = section.uuid
    reply = container(len(page.items), **attributes)
    for item in page.items:
        element = item_element(library, item, full)
        if collections:
            element.add(*(Element("Collection", tag=name) for name in item.collections))
        reply.add(element)
    return reply


def item_element(library: PlexLibrary, item: Item, full: bool) -> Element:
    """Return one item. A listing lacks collections, labels, locked fields, and most genres and roles."""
    tag = "Directory" if item.type == "show" else "Video"
    key = f"/library/metadata/{item.rating_key}"
    element = Element(
        tag, json_name="Metadata", ratingKey=str(item.rating_key), key=key, type=item.type, title=item.title
    )
    attributes = element.attributes
    attributes["guid"] = item.guid or f"local://{item.rating_key}"
    attributes["summary"] = item.summary
    optional = {
        "titleSort": item.title_sort,
        "originalTitle": item.original_title,
        "editionTitle": item.edition_title,
        "contentRating": item.content_rating,
        "studio": item.studio,
        "tagline": item.tagline,
        "originallyAvailableAt": item.originally_available_at,
        "thumb": item.thumb,
        "art": item.art,
    }
    attributes.update({name: value for name, value in optional.items() if value})
    if item.year is not None:
        attributes["year"] = item.year
    if item.user_rating is not None:
        attributes["userRating"] = float(item.user_rating)
    attributes["addedAt"] = item.added_at
    attributes["updatedAt"] = item.updated_at
    if item.deleted_at:
        attributes["deletedAt"] = item.deleted_at
    element.add(*_media(item))
    if full:
        _complete(library, item, element)
    else:
        for kind in LISTED_KINDS:
            names: Sequence[str] = getattr(item, TAG_FIELDS[kind])
            element.add(*(Element(TAG_ELEMENTS[kind], tag=name) for name in names[:LISTED_TAGS]))
    return element


def _complete(library: PlexLibrary, item: Item, element: Element) -> None:
    section = library.sections[item.section_key]
    element.attributes["librarySectionID"] = section.key
    element.attributes["librarySectionKey"] = f"/library/sections/{section.key}"
    element.attributes["librarySectionTitle"] = section.title
    for kind, tag in TAG_ELEMENTS.items():
        for name in getattr(item, TAG_FIELDS[kind]):
            number = library.tag_id(kind, name)
            details = _actor_details(library, item, name) if kind == "actor" else {}
            element.add(Element(tag, id=number, filter=f"{kind}={number}", tag=name, **details))
    element.add(*(Element("Field", locked=True, name=name) for name in sorted(item.locked)))


def _actor_details(library: PlexLibrary, item: Item, name: str) -> dict[str, str]:
    """What an actor plays and looks like; attributes without a value are absent."""
    details = {"role": item.characters.get(name, ""), "thumb": library.tags.photos.get(name, "")}
    return {attribute: value for attribute, value in details.items() if value}


def _media(item: Item) -> Iterable[Element]:
    first = item.rating_key * 100
    for files in item.media():
        duration = 1_800_000 * len(files)
        media = Element("Media", id=first, duration=duration, container=files[0].rpartition(".")[2])
        if not item.deleted_at and all(file in item.deleted_files for file in files):
            media.attributes["deletedAt"] = max(item.deleted_files[file] for file in files)
        yield media.add(*(_part(item, first + number, file) for number, file in enumerate(files)))
        first += len(files)


def _part(item: Item, identifier: int, file: str) -> Element:
    extension = file.rpartition(".")[2]
    return Element(
        "Part",
        id=identifier,
        key=f"/library/parts/{identifier}/{item.added_at}/file.{extension}",
        duration=1_800_000,
        file=file,
        size=1_000_000,
        container=extension,
    )


def section_list(sections: Iterable[Section], *, content_changed: bool = True) -> Element:
    """Return the libraries with their folders, and when their contents changed, unless an old server is asked."""
    elements = [_section_element(section) for section in sections]
    if not content_changed:
        for element in elements:
            del element.attributes["contentChangedAt"]
    return container(len(elements), title1="Plex Library").add(*elements)


def _section_element(section: Section) -> Element:
    locations = [Element("Location", id=number, path=path) for number, path in enumerate(section.locations, start=1)]
    return Element(
        "Directory",
        allowSync=True,
        filters=True,
        refreshing=section.refreshing,
        key=str(section.key),
        type=section.type,
        title=section.title,
        agent="tv.plex.agents.none",
        scanner="Plex Video Files Scanner" if section.type == "movie" else "Plex TV Series",
        language="xn",
        uuid=section.uuid,
        updatedAt=section.updated_at,
        createdAt=section.updated_at,
        scannedAt=section.scanned_at,
        content=True,
        directory=True,
        contentChangedAt=section.content_changed_at,
        hidden=0,
    ).add(*locations)


def library_root() -> Element:
    """Return the reply to /library."""
    parts = [
        Element("Directory", key="sections", title="Library Sections"),
        Element("Directory", key="recentlyAdded", title="Recently Added Content"),
    ]
    return container(len(parts), content="plugins", title1="Plex Library").add(*parts)


def without_folders(element: Element) -> Element:
    """Take out of a reply what a token that is not the owner's does not see: where files are."""
    if element.tag == "Part":
        element.attributes.pop("file", None)
    element.children = [without_folders(child) for child in element.children if child.tag != "Location"]
    return element


def image_list(library: PlexLibrary, item: Item, kind: ImageKind) -> Element:
    """Return an item's posters or backgrounds, the earliest first."""
    images, chosen = item.pictures[kind].listed(library.clock(), library.images)
    reply = container(len(images))
    for image in images:
        address = f"/library/metadata/{item.rating_key}/file?url={quote(image.name, safe='')}"
        selected = image is chosen
        reply.add(
            Element("Photo", json_name="Metadata", key=address, ratingKey=image.name, selected=selected, thumb=address)
        )
    return reply


def identity(machine_identifier: str, version: str) -> Element:
    """Return the reply to /identity, which needs no token."""
    return Element("MediaContainer", size=0, claimed=True, machineIdentifier=machine_identifier, version=version)


def server_root(machine_identifier: str, version: str) -> Element:
    """Return the reply to /, which needs the token."""
    return Element(
        "MediaContainer",
        size=1,
        allowSync=True,
        friendlyName="Simulated Plex",
        machineIdentifier=machine_identifier,
        myPlex=True,
        platform="Linux",
        platformVersion="6.1",
        updatedAt=1_700_000_000,
        version=version,
    ).add(Element("Directory", count=1, key="library", title="library"))
