"""Decides. What the engine is known by outside can be imported from here, and is loaded when it is first asked for."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from worker.backoff import calculate_delay, get_retry_params
    from worker.circuit_breaker import CircuitBreaker, CircuitState
    from worker.processor import SyncWorker

__all__ = ["CircuitBreaker", "CircuitState", "SyncWorker", "calculate_delay", "get_retry_params"]

_MODULES = {
    "CircuitBreaker": "worker.circuit_breaker",
    "CircuitState": "worker.circuit_breaker",
    "SyncWorker": "worker.processor",
    "calculate_delay": "worker.backoff",
    "get_retry_params": "worker.backoff",
}


def __getattr__(name: str) -> object:
    """One of the exports (PEP 562): a save in Stash waits for the hook, which needs none of them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - the hook's path must stay light

    return getattr(importlib.import_module(_MODULES[name]), name)
