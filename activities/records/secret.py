"""The activity that forgets a secret."""

import logging

import azure.durable_functions as df

from shared import wiring
from shared.log import about
from shared.workflow.messages import SecretTask

bp = df.Blueprint()
_log = logging.getLogger(__name__)


@bp.activity_trigger(input_name="task", activity="delete_secret")
def delete_secret(task: dict) -> None:  # type: ignore[type-arg]
    """Delete the administrator's password from the secret store; gone already is fine."""
    secret = SecretTask.model_validate(task)
    wiring.secrets().delete(secret.secret_name)
    _log.info("secret deleted %s", about(secret))
