"""Kubernetes manifests as a cluster would get them.

`kubectl kustomize` renders where there is a kubectl. Debian 12 packages none that is new enough, so there is a small renderer
beside it that understands exactly what manifests/ uses: resources, labels, strategic-merge patches, image tags. Where both
are to be had, a test holds them against each other.
"""
import copy
import shutil
import subprocess
from pathlib import Path

import yaml

# In these lists a patch finds its element by this field; every other list is replaced whole.
MERGE_KEYS = {"containers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath"}


def has_kubectl() -> bool:
    return shutil.which("kubectl") is not None


def by_kubectl(directory: Path) -> list:
    done = subprocess.run(["kubectl", "kustomize", str(directory)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def by_ourselves(directory: Path) -> list:
    plan = yaml.safe_load((directory / "kustomization.yaml").read_text())
    unknown = plan.keys() - {"apiVersion", "kind", "resources", "labels", "patches", "images"}
    assert not unknown, f"{directory}: the small renderer knows nothing of {sorted(unknown)}"
    objects = []
    for name in plan["resources"]:
        path = (directory / name).resolve()
        objects += by_ourselves(path) if path.is_dir() else list(yaml.safe_load_all(path.read_text()))
    for entry in plan.get("patches", ()):
        patch = yaml.safe_load((directory / entry["path"]).read_text())
        index = next(i for i, other in enumerate(objects) if identity(other) == identity(patch))
        objects[index] = merge(objects[index], patch)
    for entry in plan.get("labels", ()):
        for found in objects:
            inner = [*templates(found), *found.get("spec", {}).get("volumeClaimTemplates", ())]
            for holder in [found, *(inner if entry.get("includeTemplates") else ())]:
                holder.setdefault("metadata", {}).setdefault("labels", {}).update(entry["pairs"])
    for entry in plan.get("images", ()):
        for found in objects:
            for container in containers(found):
                if container["image"] == entry["name"]:
                    container["image"] = f"{entry['name']}:{entry['newTag']}"
    return objects


def render(directory: Path) -> list:
    return by_kubectl(directory) if has_kubectl() else by_ourselves(directory)


def identity(found: dict) -> tuple:
    return found["apiVersion"], found["kind"], found["metadata"]["name"]


def merge(base, patch):
    """Kubernetes' strategic merge, as far as it is used here."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(base)
    for name, value in patch.items():
        key = MERGE_KEYS.get(name)
        if value is None:
            result.pop(name, None)
        elif key and isinstance(value, list):
            result[name] = merge_list(result.get(name, []), value, key)
        else:
            result[name] = merge(result.get(name), value)
    return result


def merge_list(base: list, patches: list, key: str) -> list:
    result = list(base)
    for patch in patches:
        index = next((i for i, entry in enumerate(result) if entry[key] == patch[key]), None)
        if patch.get("$patch") == "delete":
            result = [entry for entry in result if entry[key] != patch[key]]
        elif index is None:
            result.append(patch)
        else:
            result[index] = merge(result[index], patch)
    return result


def templates(found) -> list:
    """Every pod template and job template inside an object."""
    if isinstance(found, list):
        return [inner for entry in found for inner in templates(entry)]
    if not isinstance(found, dict):
        return []
    own = [found[name] for name in ("template", "jobTemplate") if isinstance(found.get(name), dict)]
    return own + [inner for entry in found.values() for inner in templates(entry)]


def pod_templates(found) -> list:
    return [template for template in templates(found) if "containers" in template["spec"]]


def containers(found) -> list:
    return [container for template in pod_templates(found) for container in template["spec"]["containers"]]
