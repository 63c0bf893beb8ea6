"""A GraphQL endpoint over plain Python objects, fast enough for lists of thousands.

graphql-core parses and validates each distinct query text once and coerces variables and arguments; the answer
is then put together by `_Projector`, since graphql-core's own executor takes some microseconds for every
single field. Errors have the shape, the status and the codes of gqlgen, the library that Stash is built on.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    build_ast_schema,
    coerce_input_value,
    execute,
    get_named_type,
    parse,
    validate,
)
from graphql.execution.collect_fields import collect_fields, collect_sub_fields
from graphql.execution.values import get_argument_values, get_variable_values

QUERY_CACHE_SIZE = 1000  # what Stash keeps
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"

# (context of the request, the object that has the field, the field's arguments) -> the field's value
Resolver = Callable[[Any, Any, Mapping[str, Any]], Any]


class ResolverError(Exception):
    """A query or mutation that is well formed but cannot be carried out; the message goes to the client.

    Args:
        message: what the client reads.
        fatal: whether the whole data is null, and not only the root field that failed.

    Attributes:
        path: the names and indices from the root field to the one that failed, without the former.
    """

    def __init__(self, message: str, *, fatal: bool = False) -> None:
        super().__init__(message)
        self.fatal = fatal
        self.path: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Answer:
    """An HTTP status, the JSON object to send with it, and the root fields that were asked for."""

    status: int
    payload: Mapping[str, Any]
    root_fields: tuple[str, ...] = ()

    def body(self) -> bytes:
        """Return the payload as it goes over the wire."""
        return json.dumps(self.payload).encode()


@dataclass(frozen=True)
class _Checked:
    """A query text after parsing and validation: a document, or the reply that says what is wrong with it."""

    document: DocumentNode | None
    refusal: Answer | None


@functools.cache
def _schema(text: str, lacking: frozenset[str]) -> GraphQLSchema:
    """The schema of this SDL; nobody changes it, and to build Stash's takes as long as some hundred requests."""
    document = parse(text)
    unknown = set(lacking)
    for definition in document.definitions:
        if isinstance(definition, (ObjectTypeDefinitionNode, InputObjectTypeDefinitionNode)):
            prefix = definition.name.value + "."
            unknown.difference_update(prefix + field.name.value for field in definition.fields)
            kept = [field for field in definition.fields if prefix + field.name.value not in lacking]
            definition.fields = tuple(kept)  # type: ignore[assignment]  # they stay of one kind
    if unknown:
        raise ValueError(f"the schema has no {', '.join(sorted(unknown))}")
    return build_ast_schema(document)


class GraphQLEndpoint:
    """Answers GraphQL requests.

    Args:
        schema: the schema in SDL.
        resolvers: by type name, then field name; a field without one is read as an attribute of its object.
            The root types "Query" and "Mutation" need one for every field.
        lacking: fields that this server does not have, as an older one ("Scene.groups", "SceneFilterType.groups").

    Raises:
        ValueError: where the schema has no such field anyway.
    """

    def __init__(
        self, schema: str, resolvers: Mapping[str, Mapping[str, Resolver]], lacking: frozenset[str] = frozenset()
    ) -> None:
        self.schema = _schema(schema, lacking)
        self._resolvers = resolvers
        self._checked: dict[str, _Checked] = {}

    def answer(self, body: bytes, context: Any) -> Answer:
        """Answer the body of a POST; `context` is handed to the resolvers."""
        try:
            request = json.loads(body)
            query, variables = request["query"], request.get("variables") or {}
            operation_name = request.get("operationName")
        except (ValueError, KeyError, TypeError, AttributeError):
            return Answer(400, {"errors": [{"message": "json request body could not be decoded"}], "data": None})
        checked = self._check(query)
        if checked.document is None:
            assert checked.refusal is not None
            return checked.refusal
        operation = _select_operation(checked.document, operation_name)
        if operation is None:
            return _refusal(f"operation {operation_name or ''} not found", VALIDATION_FAILED)
        coerced = get_variable_values(self.schema, operation.variable_definitions, variables)
        if isinstance(coerced, list):
            return _refusals(coerced, VALIDATION_FAILED)
        return self._run(checked.document, operation, coerced, context)

    def coerce_input(self, type_name: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Check and coerce a value of an input type, as if a client had sent it.

        Raises:
            GraphQLError: for a field that the type does not have, a missing one, or a value of the wrong type.
        """
        coerced: dict[str, Any] = coerce_input_value(dict(value), self.schema.type_map[type_name])  # type: ignore[arg-type]
        return coerced

    def input_field_names(self, type_name: str) -> tuple[str, ...]:
        """Return the names of an input type's fields."""
        input_type = self.schema.type_map[type_name]
        assert isinstance(input_type, GraphQLInputObjectType)
        return tuple(input_type.fields)

    def _check(self, query: str) -> _Checked:
        checked = self._checked.get(query)
        if checked is None:
            if len(self._checked) >= QUERY_CACHE_SIZE:
                self._checked.clear()
            checked = self._checked[query] = self._parse_and_validate(query)
        return checked

    def _parse_and_validate(self, query: str) -> _Checked:
        if not query.strip():
            return _Checked(None, _refusal("no operation provided", VALIDATION_FAILED))
        try:
            document = parse(query)
        except GraphQLError as error:
            return _Checked(None, _refusals([error], PARSE_FAILED))
        errors = validate(self.schema, document)
        return _Checked(None, _refusals(errors, VALIDATION_FAILED)) if errors else _Checked(document, None)

    def _run(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any], context: Any
    ) -> Answer:
        root_type = self.schema.get_root_type(operation.operation)
        assert root_type is not None
        fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        fields = collect_fields(self.schema, fragments, variables, root_type, operation.selection_set)
        names = tuple(nodes[0].name.value for nodes in fields.values())
        if "__schema" in names or "__type" in names:
            return self._introspect(document, names)
        projector = _Projector(self, fragments, variables, context, self._resolvers)
        data, errors = projector.root(root_type, fields)
        payload = {"errors": errors, "data": data} if errors else {"data": data}
        return Answer(200, payload, names)

    def _introspect(self, document: DocumentNode, names: tuple[str, ...]) -> Answer:
        result = execute(self.schema, document)
        assert isinstance(result, ExecutionResult)
        return Answer(200, {"data": result.data}, names)


@dataclass(frozen=True)
class _Projector:
    """Turns objects into what one operation selects of them."""

    endpoint: GraphQLEndpoint
    fragments: dict[str, FragmentDefinitionNode]
    variables: dict[str, Any]
    context: Any
    resolvers: Mapping[str, Mapping[str, Resolver]]

    def root(
        self, root_type: GraphQLObjectType, fields: Mapping[str, list[FieldNode]]
    ) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """Resolve the root fields one after the other; one that fails is null, or all is if it may not be null."""
        data: dict[str, Any] | None = {}
        errors: list[dict[str, Any]] = []
        for key, nodes in fields.items():
            name = nodes[0].name.value
            try:
                value = self._getter(root_type, nodes)(None)
            except (ResolverError, GraphQLError) as error:
                path = [key, *(error.path or ())]
                errors.append({"message": getattr(error, "message", None) or str(error), "path": path})
                value = None
                if getattr(error, "fatal", False) or isinstance(root_type.fields[name].type, GraphQLNonNull):
                    data = None
            if data is not None:
                data[key] = value
        return data, errors

    def _getter(self, parent: GraphQLObjectType, nodes: list[FieldNode]) -> Callable[[Any], Any]:
        """Compile one field of a type: from the object to the value that goes into the reply."""
        name = nodes[0].name.value
        if name == "__typename":
            return lambda _source: parent.name
        definition = parent.fields[name]
        resolver = self.resolvers.get(parent.name, {}).get(name)
        read: Callable[[Any], Any] = attrgetter(name)
        if resolver is not None:
            read = self._bound(resolver, get_argument_values(definition, nodes[0], self.variables))
        named_type = get_named_type(definition.type)
        if isinstance(named_type, GraphQLObjectType):
            return _nested(read, self._project(named_type, nodes))
        return _nested(read, str) if named_type.name == "ID" else read

    def _bound(self, resolver: Resolver, arguments: dict[str, Any]) -> Callable[[Any], Any]:
        context = self.context
        return lambda source: resolver(context, source, arguments)

    def _project(self, object_type: GraphQLObjectType, nodes: list[FieldNode]) -> Callable[[Any], dict[str, Any]]:
        fields = collect_sub_fields(self.endpoint.schema, self.fragments, self.variables, object_type, nodes)
        getters = [(key, self._getter(object_type, sub_nodes)) for key, sub_nodes in fields.items()]

        def project(source: Any) -> dict[str, Any]:
            result: dict[str, Any] = {}
            try:
                for key, getter in getters:
                    result[key] = getter(source)
            except ResolverError as error:
                error.path = (getters[len(result)][0], *error.path)
                raise
            return result

        return project


def _nested(read: Callable[[Any], Any], convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Read a value and convert it: None stays, of a list every entry is converted."""

    def get(source: Any) -> Any:
        value = read(source)
        if value is None:
            return None
        if isinstance(value, (list, tuple)):
            return _converted(value, convert)
        return convert(value)

    return get


def _converted(entries: Sequence[Any], convert: Callable[[Any], Any]) -> list[Any]:
    result: list[Any] = []
    try:
        for entry in entries:
            result.append(None if entry is None else convert(entry))
    except ResolverError as error:
        error.path = (len(result), *error.path)
        raise
    return result


def _select_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if not name:
        return operations[0] if len(operations) == 1 else None
    return next((each for each in operations if each.name is not None and each.name.value == name), None)


def _refusal(message: str, code: str) -> Answer:
    return Answer(422, {"errors": [{"message": message, "extensions": {"code": code}}], "data": None})


def _refusals(errors: Sequence[GraphQLError], code: str) -> Answer:
    entries = [
        {
            "message": error.message.replace("'", '"'),  # gqlgen quotes so
            "locations": [{"line": place.line, "column": place.column} for place in error.locations or ()],
            "extensions": {"code": code},
        }
        for error in errors
    ]
    return Answer(422, {"errors": entries, "data": None})
