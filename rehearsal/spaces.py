"""The buckets of a rehearsal's cloud in the form of S3, path style: they can only be looked at."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rehearsal.cloud import Json, look
from rehearsal.views import CREATED, held

EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
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
    """Make the view of a cloud's file, which is read anew for each question."""

    def region(request: Request) -> Response:
        return _answer("ListAllMyBucketsResult", _list(look(cloud), request.path_params["region"]))

    def bucket(request: Request) -> Response:
        content, (place, name) = look(cloud), request.path_params.values()
        if not any(state["region"] == place for _, state in held(content, BUCKET, name, "name")):
            raise HTTPException(404, "NoSuchBucket")
        asked = [each for each in request.query_params if each != "x-id"]  # the client's own mark
        if request.method == "HEAD" and not asked:
            return Response(headers={"x-amz-bucket-region": place})
        if len(asked) != 1 or asked[0] not in VIEWS:
            raise HTTPException(501, "NotImplemented")
        root, view = VIEWS[asked[0]]
        return _answer(root, view(content, name))

    routes = [
        Route("/{region}", region),
        Route("/{region}/", region),
        Route("/{region}/{bucket}", bucket),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refusal})


def _list(content: Json, region: str) -> Json:
    """Name the buckets of a region."""
    names = [state["name"] for _, state in held(content, BUCKET, region, "region")]
    made = [{"Name": name, "CreationDate": CREATED["created_at"]} for name in names]
    return {"Owner": OWNER, "Buckets": {"Bucket": made}}


def _acl(content: Json, bucket: str) -> Json:
    """Give a bucket's grants: all to its owner, and looking to everybody where it is public."""
    grants = [(_grantee("CanonicalUser", OWNER), "FULL_CONTROL")]
    ((_, state),) = held(content, BUCKET, bucket, "name")
    if state.get("acl") == "public-read":
        grants.append((_grantee("Group", {"URI": EVERYBODY}), "READ"))
    given = [{"Grantee": who, "Permission": what} for who, what in grants]
    return {"Owner": OWNER, "AccessControlList": {"Grant": given}}


def _grantee(kind: str, who: Json) -> Json:
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    return {"@xmlns:xsi": xsi, "@xsi:type": kind, **who}


def _cors(content: Json, bucket: str) -> Json:
    """Give a bucket's CORS rules."""
    for _, state in held(content, "SpacesBucketCorsConfiguration", bucket, "bucket"):
        rules = state["corsRules"]
        return {"CORSRule": [{CORS[name]: each for name, each in rule.items()} for rule in rules]}
    raise HTTPException(404, "NoSuchCORSConfiguration")


def _location(content: Json, bucket: str) -> str:
    """Give a bucket's region."""
    ((_, state),) = held(content, BUCKET, bucket, "name")
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
    """Make an element of a mapping or a text; a list is as many elements, `@` an attribute."""
    made = Element(name)
    if not isinstance(content, Mapping):
        made.text = str(content)
        return made
    for key, value in content.items():
        if key.startswith("@"):
            made.set(key[1:], value)
        else:
            several = value if isinstance(value, list) else [value]
            made.extend(_element(key, each) for each in several)
    return made


def _refusal(request: Request, error: Exception) -> Response:
    """Answer an error in the form of S3, whose client tells it by its code."""
    status, code = getattr(error, "status_code", 500), getattr(error, "detail", "InternalError")
    only = f"{request.method} is refused: buckets, their ACL, CORS rules and region can be read"
    answer = {"Code": code.replace(" ", ""), "Message": REASONS.get(code, only)}
    return _answer("Error", answer, status)
