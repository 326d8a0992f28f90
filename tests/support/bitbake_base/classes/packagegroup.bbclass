# A recipe without files of its own.
PACKAGES = "${PN}"
