"""A package as users name it, in pip's words."""

from packaging.requirements import InvalidRequirement, Requirement

from crossbuild.core.errors import ConfigurationError


def parse(text: str) -> Requirement:
    """The requirement that a text says.

    :raises ConfigurationError: it is none
    """
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise ConfigurationError(
            f"{text!r} is neither a package nor a folder",
            evidence=str(error),
            cure="name packages as pip does (numpy, numpy==1.26.4), or give a path "
            "that begins with ./",
        ) from error
