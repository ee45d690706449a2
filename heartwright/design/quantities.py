"""The quantities of a design as annotated types: text with units in TOML, SI floats in Python.

A field declared `Length` reads "12.5 mm" and holds 0.0125. A bare number is taken as SI from Python, and refused from a
TOML file (validation context `{"from_text": True}`), where the unit belongs in the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from heartwright import units


@dataclass(frozen=True, slots=True)
class Unit:
    """Marks a float field as a quantity of one dimension of `heartwright.units`."""

    dimension: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_before_validator_function(
            self._read,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(self._write, when_used="json"),
        )

    def _read(self, value: Any, info: core_schema.ValidationInfo) -> Any:
        if isinstance(value, str):
            try:
                return units.parse(value, self.dimension)
            except units.UnitError as error:
                raise PydanticCustomError("quantity", "{reason}", {"reason": str(error)}) from None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and (info.context or {}).get("from_text"):
            example = units.DIMENSIONS[self.dimension].example
            reason = f"write the {self.dimension.replace('_', ' ')} with its unit, in quotes, e.g. {example!r}."
            raise PydanticCustomError("quantity", "{reason}", {"reason": reason})
        return value

    def _write(self, value: float) -> str:
        return units.best(value, self.dimension)


Length = Annotated[float, Gt(0), Unit("length")]
Gap = Annotated[float, Ge(0), Unit("length")]
Offset = Annotated[float, Unit("length")]
Area = Annotated[float, Gt(0), Unit("area")]
Mass = Annotated[float, Gt(0), Unit("mass")]
Angle = Annotated[float, Unit("angle")]
Width = Annotated[float, Gt(0), Unit("angle")]
Spread = Annotated[float, Ge(0), Unit("angle")]
Frequency = Annotated[float, Gt(0), Unit("frequency")]
Rate = Annotated[float, Gt(0), Unit("rate")]
Inertia = Annotated[float, Gt(0), Unit("inertia")]
Stiffness = Annotated[float, Gt(0), Unit("stiffness")]
Torque = Annotated[float, Ge(0), Unit("torque")]
FanDrag = Annotated[float, Ge(0), Unit("torque_per_speed2")]
Unpoise = Annotated[float, Ge(0), Unit("unpoise")]
Force = Annotated[float, Ge(0), Unit("force")]
SpringRate = Annotated[float, Ge(0), Unit("spring_rate")]
Damping = Annotated[float, Ge(0), Unit("damping")]
Pressure = Annotated[float, Ge(0), Unit("pressure")]
Modulus = Annotated[float, Gt(0), Unit("pressure")]
Density = Annotated[float, Gt(0), Unit("density")]
Viscosity = Annotated[float, Gt(0), Unit("viscosity")]
FlowResistance = Annotated[float, Gt(0), Unit("flow_resistance")]
Compliance = Annotated[float, Gt(0), Unit("compliance")]
TemperatureSpan = Annotated[float, Gt(0), Unit("temperature_span")]
Level = Annotated[float, Unit("level")]
LevelSpread = Annotated[float, Ge(0), Unit("level")]

Count = Annotated[int, Ge(1)]
Fraction = Annotated[float, Ge(0), Le(1)]
Friction = Annotated[float, Ge(0), Le(1)]
Ratio = Annotated[float, Gt(0)]
Relative = Annotated[float, Ge(0)]


class Part(BaseModel):
    """Base of every table of a design: frozen, and closed to unknown keys."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_by_name=True, validate_by_alias=True
    )
