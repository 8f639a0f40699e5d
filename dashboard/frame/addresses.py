"""The address a request comes from."""

from ipaddress import ip_address

from django.conf import settings


def client_address(request) -> str:
    """The visitor's IP address; '' where the server does not say it (a socket).

    X-Forwarded-For counts only when our own proxy (TRUSTED_PROXY) hands it on, and then its
    last entry that is no such proxy: everything further left the visitor may have made up.
    """
    nearest = _ip(request.META.get("REMOTE_ADDR", ""))
    if nearest is None or not _is_trusted(nearest):
        return str(nearest or "")
    for text in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        further = _ip(text)
        if further is None:
            break
        nearest = further
        if not _is_trusted(further):
            break
    return str(nearest)


def _is_trusted(address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXY)


def _ip(text: str):
    try:
        return ip_address(text.strip())
    except ValueError:
        return None
