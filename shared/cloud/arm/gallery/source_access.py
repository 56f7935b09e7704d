"""The proof that we may read the source of a copy: what Azure says of our permissions, and a real read."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import HttpResponseError

from shared.cloud.arm.core import permissions
from shared.cloud.arm.core.clients import Arm
from shared.cloud.arm.gallery import image_version
from shared.errors.azure import PermanentError
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.sources import GalleryImageVersion

READ_VERSION = "Microsoft.Compute/galleries/images/versions/read"
_READ_DEFINITION = "Microsoft.Compute/galleries/images/read"
_WRONG_TENANT = "InvalidAuthenticationTokenTenant"


class WrongTenant(Exception):
    """Azure says that the source's subscription belongs to another tenant than ours."""


def prove(arm: Arm, job: CopyJob) -> None:
    """See the port's `prove_access`; `arm` is the source's subscription.

    Raises:
        WrongTenant: the source is in another tenant, which the job does not name.
    """
    source = job.source
    with _explained(arm, source):
        for action, scope in ((READ_VERSION, source.id), (_READ_DEFINITION, source.definition_id)):
            if not permissions.may(arm, job, action, scope):
                raise _denied(arm, source, action, scope)
        image_version.read_source(arm, job)


@contextmanager
def _explained(arm: Arm, source: GalleryImageVersion) -> Iterator[None]:
    """Tell refusals that are about the source from all others, which are left as they are."""
    try:
        yield
    except HttpResponseError as error:
        code = error.error.code if error.error else None
        if code == _WRONG_TENANT:
            raise WrongTenant from error
        if error.status_code == 404:
            raise _not_found(arm, source) from error
        if error.status_code == 403 and code == "AuthorizationFailed":
            raise _denied(arm, source, READ_VERSION, source.id) from error
        raise


def _denied(arm: Arm, source: GalleryImageVersion, action: str, scope: str) -> PermanentError:
    return PermanentError(
        "SourceAccessDenied",
        f"{permissions.who(arm)} may not {action} on {scope}: grant it the role Reader (or Compute Gallery Image "
        f"Reader) on the gallery, {_gallery_id(source)}. A new assignment takes up to five minutes.",
    )


def _not_found(arm: Arm, source: GalleryImageVersion) -> PermanentError:
    return PermanentError(
        "SourceNotFound",
        f"The source {source.id} does not exist, or {permissions.who(arm)} sees nothing there: a missing permission "
        "looks the same. Correct the source, or grant the role Reader on its gallery.",
    )


def _gallery_id(source: GalleryImageVersion) -> str:
    return source.definition_id.rpartition("/images/")[0]
