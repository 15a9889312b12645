"""The buckets of a rehearsal's cloud in the form of S3, path style, read only."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rehearsal.cloud import Json, load
from rehearsal.views import CREATED, resources_of

EVERYONE = "http://acs.amazonaws.com/groups/global/AllUsers"
OWNER = {"ID": "rehearsal", "DisplayName": "rehearsal"}
BUCKET = "SpacesBucket"
CORS = {
    "id": "ID",
    "allowedHeaders": "AllowedHeader",
    "allowedMethods": "AllowedMethod",
    "allowedOrigins": "AllowedOrigin",
    "exposeHeaders": "ExposeHeader",
    "maxAgeSeconds": "MaxAgeSeconds",
}
REASONS = {
    "NoSuchBucket": "there is no such bucket in that region",
    "NoSuchCORSConfiguration": "the bucket has no CORS rules",
}


def application(cloud: Path) -> Starlette:
    """Return the read-only S3 API of a cloud's file, which is read again for each request."""

    def region(request: Request) -> Response:
        return _answer("ListAllMyBucketsResult", _list(load(cloud), request.path_params["region"]))

    def bucket(request: Request) -> Response:
        content, (slug, name) = load(cloud), request.path_params.values()
        buckets = resources_of(content, BUCKET, name, "name")
        if not any(state["region"] == slug for _, state in buckets):
            raise HTTPException(404, "NoSuchBucket")
        queries = [each for each in request.query_params if each != "x-id"]  # the client's own mark
        if request.method == "HEAD" and not queries:
            return Response(headers={"x-amz-bucket-region": slug})
        if len(queries) != 1 or queries[0] not in VIEWS:
            raise HTTPException(501, "NotImplemented")
        root, view = VIEWS[queries[0]]
        return _answer(root, view(content, name))

    routes = [
        Route("/{region}", region),
        Route("/{region}/", region),
        Route("/{region}/{bucket}", bucket),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refusal})


def _list(content: Json, region: str) -> Json:
    """Return the buckets of a region."""
    names = [state["name"] for _, state in resources_of(content, BUCKET, region, "region")]
    buckets = [{"Name": name, "CreationDate": CREATED["created_at"]} for name in names]
    return {"Owner": OWNER, "Buckets": {"Bucket": buckets}}


def _acl(content: Json, bucket: str) -> Json:
    """Return a bucket's grants: full control to its owner, read to everyone if it is public."""
    grants = [(_grantee("CanonicalUser", OWNER), "FULL_CONTROL")]
    ((_, state),) = resources_of(content, BUCKET, bucket, "name")
    if state.get("acl") == "public-read":
        grants.append((_grantee("Group", {"URI": EVERYONE}), "READ"))
    granted = [{"Grantee": grantee, "Permission": right} for grantee, right in grants]
    return {"Owner": OWNER, "AccessControlList": {"Grant": granted}}


def _grantee(kind: str, identity: Json) -> Json:
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    return {"@xmlns:xsi": xsi, "@xsi:type": kind, **identity}


def _cors(content: Json, bucket: str) -> Json:
    """Return a bucket's CORS rules."""
    for _, state in resources_of(content, "SpacesBucketCorsConfiguration", bucket, "bucket"):
        rules = state["corsRules"]
        return {"CORSRule": [{CORS[name]: each for name, each in rule.items()} for rule in rules]}
    raise HTTPException(404, "NoSuchCORSConfiguration")


def _location(content: Json, bucket: str) -> str:
    """Return a bucket's region."""
    ((_, state),) = resources_of(content, BUCKET, bucket, "name")
    return str(state["region"])


VIEWS: Mapping[str, tuple[str, Callable[[Json, str], Any]]] = {
    "acl": ("AccessControlPolicy", _acl),
    "cors": ("CORSConfiguration", _cors),
    "location": ("LocationConstraint", _location),
}


def _answer(root: str, content: Any, status: int = 200) -> Response:
    body = tostring(_element(root, content), encoding="utf-8", xml_declaration=True)
    return Response(body, status, media_type="application/xml")


def _element(name: str, content: Any) -> Element:
    """Return the XML of a mapping or a text; a list is repeated, a key with `@` is an attribute."""
    element = Element(name)
    if not isinstance(content, Mapping):
        element.text = str(content)
        return element
    for key, value in content.items():
        if key.startswith("@"):
            element.set(key[1:], value)
        else:
            values = value if isinstance(value, list) else [value]
            element.extend(_element(key, each) for each in values)
    return element


def _refusal(request: Request, error: Exception) -> Response:
    """Return an error in the form of S3, which clients recognise by its code."""
    status, code = getattr(error, "status_code", 500), getattr(error, "detail", "InternalError")
    allowed = f"{request.method} is refused: buckets, their ACL, CORS rules and region can be read"
    answer = {"Code": code.replace(" ", ""), "Message": REASONS.get(code, allowed)}
    return _answer("Error", answer, status)
