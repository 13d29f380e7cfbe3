"""An image's root run by runc, as a pod's runtime would with the manifests' security context and limits."""
import json
import subprocess
import uuid
from pathlib import Path

from support.archiver import Archiver, Process

MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "nosuid", "noexec", "nodev", "ro"]},
]


class Pod(Archiver):
    """The image's program as PID 1 of a container of its own; the network is the machine's.

    `root` is the unpacked image, `config` what it says of itself; `files` maps paths inside to files outside, and `volumes`
    paths inside to directories outside that the program may write to.
    """

    def __init__(self, root: Path, config: dict, place: Path, settings: dict, files: dict | None = None):
        super().__init__(Path(config["Entrypoint"][0]), settings)
        self.root, self.config, self.place, self.files = root, config, place, dict(files or {})
        self.volumes: dict = {}
        self.names: list = []

    def with_settings(self, settings: dict) -> "Pod":
        other = Pod(self.root, self.config, self.place, {**self.settings, **settings}, self.files)
        other.volumes, other.names = self.volumes, self.names
        return other

    def start(self, *arguments: str, settings: dict | None = None, memory_limit: int | None = None) -> Process:
        given = {**dict(entry.split("=", 1) for entry in self.config["Env"]), **self.settings, **(settings or {})}
        name = f"event-archiver-{uuid.uuid4().hex[:12]}"
        self.names.append(name)
        bundle = self.place / name
        bundle.mkdir()
        bundle.joinpath("config.json").write_text(json.dumps(self._bundle(arguments, given)))
        return Process(self._runc("run", "--bundle", str(bundle), name), {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, self.secrets, None)

    def signal(self, name: str) -> None:
        """Sends PID 1 of the container started last a signal, as kubelet does."""
        subprocess.run(self._runc("kill", self.names[-1], name), check=True, capture_output=True)

    def close(self) -> None:
        """Ends what a failed test left running."""
        for name in self.names:
            subprocess.run(self._runc("delete", "--force", name), capture_output=True)

    def _runc(self, *arguments: str) -> list:
        return ["runc", "--root", str(self.place / "runc"), *arguments]

    def _bundle(self, arguments: tuple, given: dict) -> dict:
        uid, gid = (int(part) for part in self.config["User"].split(":"))
        binds = [
            {"destination": inside, "type": "bind", "source": str(outside), "options": ["bind", "ro"]}
            for inside, outside in self.files.items()
        ] + [
            {"destination": inside, "type": "bind", "source": str(outside), "options": ["bind", "rw"]}
            for inside, outside in self.volumes.items()
        ]
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": uid, "gid": gid},
                "args": [*self.config["Entrypoint"], *(arguments or self.config["Cmd"])],
                "env": [f"{name}={value}" for name, value in given.items() if value is not None],
                "cwd": "/",
                "capabilities": {},
                "noNewPrivileges": True,
            },
            "root": {"path": str(self.root), "readonly": True},
            "mounts": [*MOUNTS, *binds],
            "linux": {
                "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")],
                "resources": {"memory": {"limit": 512 << 20}, "cpu": {"quota": 30_000, "period": 100_000}},
            },
        }
