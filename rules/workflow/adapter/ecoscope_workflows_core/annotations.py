"""The types that tasks annotate data frames with. Where pandera is installed a DataFrame[Schema] is checked as it says; elsewhere it is taken as it is."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import Field
from pydantic.json_schema import WithJsonSchema

_PLACEHOLDER = WithJsonSchema({"type": "ecoscope_workflows.annotations.DataFrame"})

try:
    import pandera.pandas as _pa
except ImportError:
    try:
        import pandera as _pa  # type: ignore[no-redef]
    except ImportError:
        _pa = None  # type: ignore[assignment]

if _pa is not None:
    import pandera.typing as _typing

    class JsonSerializableDataFrameModel(_pa.DataFrameModel):
        """The schema of a data frame, which has a JSON Schema."""

        @classmethod
        def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> Any:
            return cls.to_json_schema()

    class GeoDataFrameBaseSchema(JsonSerializableDataFrameModel):
        """The schema of a data frame with a geometry."""

        geometry: _typing.Series[Any] = _pa.Field()

    _Schema = TypeVar("_Schema", bound=JsonSerializableDataFrameModel)
    DataFrame = Annotated[_typing.DataFrame[_Schema], _PLACEHOLDER]
else:

    class JsonSerializableDataFrameModel:  # type: ignore[no-redef]
        """The schema of a data frame, which nothing checks here."""

    class GeoDataFrameBaseSchema(JsonSerializableDataFrameModel):  # type: ignore[no-redef]
        """The schema of a data frame with a geometry."""

        geometry: Any

    class DataFrame:  # type: ignore[no-redef]
        """DataFrame[Schema] is any data frame."""

        def __class_getitem__(cls, schema: Any) -> Any:
            return Annotated[Any, _PLACEHOLDER]


AnyDataFrame = DataFrame[JsonSerializableDataFrameModel]
AnyGeoDataFrame = DataFrame[GeoDataFrameBaseSchema]
EmptyDataFrame = DataFrame[JsonSerializableDataFrameModel]


def AdvancedField(default: Any = ..., **kwargs: Any) -> Any:
    """A field that forms show among the advanced ones."""
    extra = dict(kwargs.pop("json_schema_extra", None) or {})
    extra.setdefault("ecoscope:advanced", True)
    return Field(default, json_schema_extra=extra, **kwargs)
