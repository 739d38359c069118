"""The PostgreSQL backend, which starts the embedded server at the first connection."""

from __future__ import annotations

from typing import Any

from documents.postgres import base
from qualification.conf import embedded
from qualification.conf.database import parse_url
from qualification.conf.environment import env


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL under var/, started when it is needed and left running for the other processes."""

    def get_connection_params(self) -> dict[str, Any]:
        server = parse_url(embedded.start(env.var_dir))
        self.settings_dict["HOST"], self.settings_dict["PORT"] = server["HOST"], server["PORT"]
        return super().get_connection_params()
