"""Which names a language reads. Without any package: what sets desk110 up reads the desks before there are any."""


def in_chinese(language: str) -> bool:
    """Whether names of desks and places are read in Chinese; every other language writes them in Latin letters."""
    return language.split("-")[0] == "zh"
