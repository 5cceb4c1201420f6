"""A folder whose files several accounts of one machine write: those of one group."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from umsalert.errors import DatabaseError, UsageError
from umsalert.i18n import _, system_reason

FOLDER_MODE = 0o2770
"""With the set-group-ID bit: what is made in it is of its group."""
FILE_MODE = 0o660

_NETWORK = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "lustre"),
        *("ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb3", "smbfs", "sshfs", "virtiofs"),
    }
)
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Group:
    """A group of this machine."""

    name: str
    gid: int


def group(name: str) -> Group:
    """Return a group that this account is a member of. Raises UsageError."""
    if os.name != "posix":
        raise UsageError(
            "groups_missing",
            _("This system has no groups of accounts."),
            hint=_("Let one account run umsalert, and leave out --shared."),
        )
    import grp

    try:
        found = grp.getgrnam(name)
    except KeyError as error:
        raise UsageError(
            "group_unknown",
            _("This machine has no group {group}.").format(group=name),
            hint=_("Make it with: sudo groupadd {group}").format(group=name),
        ) from error
    if os.geteuid() and found.gr_gid not in {os.getegid(), *os.getgroups()}:
        raise UsageError(
            "group_foreign",
            _("This account is not in the group {group}, or was not when it logged in.").format(
                group=name
            ),
            hint=_('Run: sudo usermod -aG {group} "$(id -un)" and log in again.').format(
                group=name
            ),
        )
    return Group(name, found.gr_gid)


def make_folder(folder: Path, of: Group) -> None:
    """Make a folder of a group, or take one that is so already, or that is empty and ours.

    Raises UsageError when the folder is something else, DatabaseError on a network file system or
    when it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kind = file_system(folder)
        if kind in _NETWORK:
            raise DatabaseError(
                "network_file_system",
                _("{folder} lies on a network file system ({kind}).").format(
                    folder=folder, kind=kind
                ),
                hint=_("Several accounts share a database on a disk of this machine only."),
            )
        if is_shared(folder) and folder.stat().st_gid == of.gid:
            return
        if any(folder.iterdir()) or folder.stat().st_uid != os.geteuid():
            raise UsageError(
                "folder_not_own",
                _("The folder {folder} holds other things, or is another account's.").format(
                    folder=folder
                ),
                hint=_("Name a new folder, such as: --db /srv/umsalert/umsalert.db"),
            )
        os.chown(folder, -1, of.gid)
        folder.chmod(FOLDER_MODE)
    except OSError as error:
        raise DatabaseError(
            "database_not_writable",
            _("{path} cannot be created: {reason}").format(
                path=folder, reason=system_reason(error)
            ),
            hint=_("Choose another folder with UMSALERT_HOME or --db."),
        ) from error


def is_shared(folder: Path) -> bool:
    """Say whether a folder is one of several accounts: that is what its mode says."""
    return os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) == FOLDER_MODE


def file_system(folder: Path, mounts: str | None = None) -> str:
    """Return the kind of file system that a folder lies on; empty where nothing tells.

    `mounts` is the text of /proc/self/mountinfo; of FUSE, what it stands for is returned.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
        except OSError:
            return ""
    place = folder.resolve()
    kind, depth = "", -1
    for line in filter(None, mounts.split("\n")):  # a name may hold what else ends a line
        fields, _dash, rest = line.partition(" - ")
        point = Path(_ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields.split(" ")[4]))
        if place.is_relative_to(point) and len(point.parts) >= depth:  # the last one covers
            kind, depth = rest.split(" ")[0].removeprefix("fuse."), len(point.parts)
    return kind
