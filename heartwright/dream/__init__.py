"""The dream: a scenario over a live heart. `Play(heart(seed), "the-short-dream", seed=seed)`; see docs/dream.md."""

from heartwright.dream.heart import heart
from heartwright.dream.keep import replay
from heartwright.dream.play import Laws, Play, Refused
from heartwright.dream.policy import POLICIES, dream
from heartwright.dream.scenario import Critic, Scenario, ScenarioError, bundled

__all__ = [
    "POLICIES", "Critic", "Laws", "Play", "Refused", "Scenario", "ScenarioError", "bundled", "dream", "heart", "replay",
]  # fmt: skip
