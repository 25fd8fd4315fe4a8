"""Plain tables: columns of the types that every later step can filter, take, show and write.

Files bring Arrow's view types (polars and others write them), which few kernels know, dictionaries, in which a small
file can hold more than memory does, and strings that are no UTF-8, which nothing checks on reading and everything after
it trusts.
"""

import pyarrow as pa
import pyarrow.compute as pc

PLAIN = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
LISTS = {
    pa.ListType: pa.list_,
    pa.ListViewType: pa.list_,
    pa.LargeListType: pa.large_list,
    pa.LargeListViewType: pa.large_list,
}


def plain(table: pa.Table) -> pa.Table:
    """The table without view types and dictionaries at any depth."""
    if all(plain_type(kind) == kind for kind in table.schema.types):
        return table
    return pa.table([_plain_column(column) for column in table.columns], names=table.column_names)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type that holds the same values without views and dictionaries."""
    if isinstance(kind, pa.StructType):
        return pa.struct([_plain_field(field) for field in kind])
    if isinstance(kind, pa.MapType):
        return pa.map_(_plain_field(kind.key_field), _plain_field(kind.item_field), kind.keys_sorted)
    if isinstance(kind, pa.FixedSizeListType):
        return pa.list_(_plain_field(kind.value_field), kind.list_size)
    if isinstance(kind, pa.DictionaryType):
        return plain_type(kind.value_type)
    if make := LISTS.get(type(kind)):
        return make(_plain_field(kind.value_field))
    return PLAIN.get(kind, kind)


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = plain_type(column.type)
    if "list_view" in str(column.type):  # arrow 26 casts those with nulls or empty lists to lists that are not whole
        return pa.chunked_array([pa.array(column.to_pylist(), kind)])
    return column.cast(kind)


def _plain_field(field: pa.Field) -> pa.Field:
    return field.with_type(plain_type(field.type))


def valid(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column, where it holds strings with U+FFFD for what is no UTF-8."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    raw = pc.cast(column, pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary())
    try:
        return pc.cast(raw, column.type)
    except pa.ArrowInvalid:
        mended = (None if value is None else value.decode("utf-8", "replace") for value in raw.to_pylist())
        return pa.chunked_array([pa.array(mended, column.type)])
