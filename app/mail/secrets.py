"""The mail password: in the system's keyring, else in memory for as long as the program runs; never in a file."""

from __future__ import annotations

_SERVICE = "deskbell"
_memory: dict[str, str] = {}


def _name(host: str, username: str) -> str:
    return f"smtp:{username}@{host}"


def store_password(host: str, username: str, password: str) -> bool:
    """Keep a password; False if there is no keyring and it is only remembered until the program ends."""
    import keyring
    from keyring.errors import KeyringError

    _memory[_name(host, username)] = password
    try:
        keyring.set_password(_SERVICE, _name(host, username), password)
    except KeyringError:
        return False
    return True


def password(host: str, username: str) -> str | None:
    """The password of an account, None if it has to be asked for."""
    name = _name(host, username)
    if name not in _memory:
        # Imported when first asked: finding the system's keyring takes as long as the window's first paint.
        import keyring
        from keyring.errors import KeyringError

        try:
            found = keyring.get_password(_SERVICE, name)
        except KeyringError:
            return None
        if found is None:
            return None
        _memory[name] = found
    return _memory[name]
