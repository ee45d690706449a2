"""The air of the chamber: how fast sound goes through it, and what it takes from high notes.

Absorption by ISO 9613-1:1993 [iso9613]: classical losses and the relaxation of oxygen and nitrogen, for temperature,
relative humidity and pressure. It is 0.005 dB a metre at 1 kHz and 0.1 at 10 kHz in a room of 20 C and half humid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.records import Floats

DB_PER_NEPER = 20.0 / np.log(10.0)
_T0, _T01 = 293.15, 273.16  # reference temperature and triple point [K]
_P0 = 101.325  # [kPa]


@dataclass(frozen=True, slots=True)
class Air:
    """Temperature [C], relative humidity [%] and pressure [kPa]. Raises ValueError outside what the standard covers."""

    temperature_c: float = 23.0
    humidity_percent: float = 50.0
    pressure_kpa: float = _P0

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("temperature_c", self.temperature_c, -20.0, 50.0),
            ("humidity_percent", self.humidity_percent, 1.0, 100.0),
            ("pressure_kpa", self.pressure_kpa, 50.0, 200.0),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name}={value:g} given; {low:g} to {high:g} is allowed; a room has 23 C and 50 %")

    @property
    def speed_m_s(self) -> float:
        """Speed of sound [m/s]: 343.2 at 20 C, as the root of the absolute temperature."""
        return float(343.2 * np.sqrt((self.temperature_c + 273.15) / _T0))

    def absorption_db_m(self, frequency_hz: Floats | float) -> Floats:
        """What a metre of this air takes from a pure tone [dB/m] (ISO 9613-1, equations 3 to 5)."""
        f2 = np.square(np.asarray(frequency_hz, float))
        kelvin = self.temperature_c + 273.15
        warm, dense = kelvin / _T0, self.pressure_kpa / _P0
        saturated = 10.0 ** (-6.8346 * (_T01 / kelvin) ** 1.261 + 4.6151)
        water = self.humidity_percent * saturated / dense  # molar concentration [%]
        oxygen = dense * (24.0 + 4.04e4 * water * (0.02 + water) / (0.391 + water))
        nitrogen = dense / np.sqrt(warm) * (9.0 + 280.0 * water * np.exp(-4.170 * (warm ** (-1.0 / 3.0) - 1.0)))
        relaxed = 0.01275 * np.exp(-2239.1 / kelvin) / (oxygen + f2 / oxygen)
        relaxed = relaxed + 0.1068 * np.exp(-3352.0 / kelvin) / (nitrogen + f2 / nitrogen)
        return np.asarray(8.686 * f2 * (1.84e-11 / dense * np.sqrt(warm) + warm**-2.5 * relaxed))
