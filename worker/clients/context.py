"""What a batch is synced with: the settings as they are now, and clients that fit them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from plex.client import MAX_ITEMS_PER_REQUEST, PlexClient
from plex.device_identity import configure_plex_device_identity
from plex.editing.edits import WriteRules
from plex.exceptions import PlexError
from plex.files.index import FileIndex
from plex.health import check_identity
from plex.items import PlexItem
from plex.matcher import Matcher
from plex.token import expires_at
from stash.client import StashClient
from validation.config import PlexSyncConfig, parse_settings
from validation.errors import ConfigError
from validation.in_force import queries_of, skipped_fields, unfilled_fields
from validation.metadata import MappingRules
from validation.problems import replaced_in_words
from worker.base.known_settings import KnownSettings, note_settings, noted_at, read_known_settings
from worker.clients.finder import ItemFinder, ScanRequests
from worker.clients.harmless_edit import fault_of_edits
from worker.data_folder import DataFolder
from worker.outage.probe import EDIT, Probe
from worker.packages.pictures import PicturePackages, Pictures


@dataclass(frozen=True)
class SyncContext:
    """Clients and rules for one set of settings."""

    config: PlexSyncConfig
    stash: StashClient
    plex: PlexClient
    index: FileIndex
    finder: ItemFinder
    pictures: PicturePackages

    @property
    def rules(self) -> WriteRules:
        """What the settings say about writing."""
        config = self.config
        return WriteRules(skipped_fields(config), config.preserve_plex_edits, unfilled_fields(config))

    @property
    def mapping_rules(self) -> MappingRules:
        """What the settings say about what Plex should show."""
        return MappingRules(
            max_tags=self.config.max_tags,
            title_format=self.config.title_format,
            title_from_filename=self.config.title_from_filename,
            sort_title_format=self.config.sort_title_format,
            tags_as=self.config.tags_as,
            tags_only=self.config.tags_only,
            tags_except=self.config.tags_except,
            performer_tags=self.config.performer_tags,
            collections_from=self.config.collections_from,
            collection_prefix=self.config.collection_prefix,
            content_rating=self.config.content_rating,
            code_as=self.config.code_as,
            write_director=self.config.write_director,
            label_all=self.config.label_all,
        )

    def plex_items(self, rating_keys: Sequence[int]) -> dict[int, PlexItem]:
        """Whole items, in as few requests as possible. Raises PlexError."""
        return read_items(self.plex, rating_keys)

    def probe(self, probe: Probe) -> str:
        """What is wrong with Plex now, "" where it is well."""
        asked = Probe(tuple(request for request in probe.requests if request != EDIT))
        fault = probe_plex(self.config, self.plex, asked)
        return fault if fault or EDIT not in probe.requests else self.fault_of_edits() or ""

    def fault_of_edits(self, besides: Collection[int] = ()) -> str | None:
        """Why Plex takes no edit now; see worker.clients.harmless_edit."""
        return fault_of_edits(self.plex, self.index, besides)


class SyncContexts:
    """Keeps one context and builds another when the settings, or Stash's library folders, change.

    `clock` gives seconds since the epoch.

    `before_plex_request` is called before each request to Plex, and may raise to keep it back.
    """

    def __init__(
        self,
        folder: DataFolder,
        stash: StashClient,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
        before_plex_request: Callable[[], object] | None = None,
    ) -> None:
        self._folder = folder
        self._stash = stash
        self._environ = environ
        self._clock = clock
        self._before_plex_request = before_plex_request
        self.pictures = PicturePackages(folder, clock=clock)
        self._read_at: float | None = None
        self._noted_at = 0
        self._read: tuple[PlexSyncConfig, tuple[str, ...]] | None = None
        self._context: SyncContext | None = None

    def current(self, max_age: float) -> SyncContext:
        """The context for the settings of at most `max_age` seconds ago; of now where another process noted others.

        Raises StashUnavailable where they cannot be read, ConfigError where they are wrong.
        """
        now = self._clock()
        is_fresh = self._read_at is not None and 0.0 <= now - self._read_at < max_age
        if self._context is not None and is_fresh and noted_at(self._folder.known_settings) == self._noted_at:
            return self._context
        config = self.read_settings()
        read = (config, self._stash.library_roots())
        if self._context is None or read != self._read:
            self.close()
            self._context = self._open(config)
            self._read = read
        self._read_at, self._noted_at = now, noted_at(self._folder.known_settings)
        return self._context

    def read_settings(self) -> PlexSyncConfig:
        """The settings as they are now. Raises StashUnavailable, ConfigError."""
        settings = self._stash.settings()
        try:
            config = parse_settings(settings, self._environ)
        except ConfigError as error:
            known = read_known_settings(self._folder.known_settings)
            self._note(known._replace(problems=tuple(map(str, error.problems)), are_usable=False, token_ends_at=None))
            raise
        self._note(
            KnownSettings(
                paused=config.paused,
                obfuscate_paths=config.obfuscate_paths,
                reconcile_interval=config.reconcile_interval,
                plex_url=config.plex_url,
                problems=(*map(replaced_in_words, config.replaced), *self.missing(config).values()),
                token_ends_at=expires_at(config.plex_token.get_secret_value()),
            )
        )
        return config

    def missing(self, config: PlexSyncConfig) -> dict[str, str]:
        """What cannot be done for want of a package, in words by setting."""
        if not config.poster_fit or self.pictures.state() is not Pictures.MISSING:
            return {}
        return {"poster_fit": f"poster_fit is {config.poster_fit}, but {self.pictures.problem()}"}

    def _note(self, settings: KnownSettings) -> None:
        note_settings(self._folder.known_settings, settings._replace(read_at=self._clock()))

    def new_client(self, config: PlexSyncConfig) -> PlexClient:
        """A client for these settings; it connects when it is used."""
        return PlexClient(
            config.plex_url,
            config.plex_token,
            configure_plex_device_identity(self._folder.root),
            connect_timeout=config.connect_timeout,
            read_timeout=config.read_timeout,
            verify_tls=not config.skip_tls_verify,
            before_request=self._before_plex_request,
        )

    def close(self) -> None:
        """Close what the context holds open."""
        if self._context is not None:
            self._context.index.close()
            self._context = None

    def _open(self, config: PlexSyncConfig) -> SyncContext:
        plex = self.new_client(config)
        index = FileIndex.open(self._folder.file_index, plex, self._clock, config.plex_library)
        return self.over(index, config, plex)

    def over(self, index: FileIndex, config: PlexSyncConfig, plex: PlexClient) -> SyncContext:
        """A context that finds items by this index, and is the caller's to close. Raises StashUnavailable."""
        stash = self._stash
        stash.select(queries_of(config))
        matcher = Matcher(index, config.path_map, stash.library_roots(), config.allow_ambiguous_matches)
        finder = ItemFinder(index, matcher, partial(read_items, plex), ScanRequests(plex.scan_folder, self._clock))
        return SyncContext(config, stash, plex, index, finder, self.pictures)


def probe_plex(config: PlexSyncConfig, plex: PlexClient, probe: Probe) -> str:
    """What is wrong with Plex now, "" where it is well."""
    return next(filter(None, (_fault(config, plex, request) for request in probe.requests)), "")


def _fault(config: PlexSyncConfig, plex: PlexClient, request: str) -> str:
    if request == "/identity":
        health = check_identity(config.plex_url, timeout=config.connect_timeout, verify=not config.skip_tls_verify)
        if health.machine_identifier:
            plex.note_identity(health.machine_identifier, health.version)
        return "" if health.up else health.detail
    try:
        plex.ask(request)
    except PlexError as error:
        return str(error)
    return ""


def read_items(plex: PlexClient, rating_keys: Sequence[int], check_files: bool = False) -> dict[int, PlexItem]:
    """Whole items by rating key, MAX_ITEMS_PER_REQUEST a request. Raises PlexError.

    `check_files`: whether Plex looks on the disk which of their files are there.
    """
    items: dict[int, PlexItem] = {}
    for start in range(0, len(rating_keys), MAX_ITEMS_PER_REQUEST):
        items.update(plex.items(rating_keys[start : start + MAX_ITEMS_PER_REQUEST], check_files=check_files))
    return items
