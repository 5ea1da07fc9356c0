"""Where adapters meet features: one file a role, and nothing else knows both sides.

Each function imports late what its role alone needs, so that no role pays for another's libraries.
"""

from stoa.wiring.control_role import Control, control
from stoa.wiring.engine_role import engine
from stoa.wiring.gateway_role import gateway
from stoa.wiring.shared import clock_ms, now_ms
from stoa.wiring.worker_role import Worker, worker

__all__ = ["Control", "Worker", "clock_ms", "control", "engine", "gateway", "now_ms", "worker"]
