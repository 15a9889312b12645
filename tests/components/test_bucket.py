"""A private bucket, and the one for media with its CDN, its CORS rules and its own key."""

from __future__ import annotations

from recording import declared, exported

from components.bucket import Bucket, BucketSettings, MediaArgs, MediaBucket

SETTINGS = BucketSettings(name="the-files", region="ams3")
SITES = ("https://example.test", "https://admin.example.test")
MEDIA = MediaArgs(SETTINGS, SITES, "the-key")


def test_a_bucket_is_private_and_keeps_what_was_overwritten_for_a_month() -> None:
    made = declared(lambda: Bucket("b", SETTINGS))
    assert made["b-bucket"].inputs == {
        "name": "the-files",
        "region": "ams3",
        "acl": "private",
        "forceDestroy": False,
        "versioning": {"enabled": True},
        "lifecycleRules": [
            {
                "id": "tidy",
                "enabled": True,
                "abortIncompleteMultipartUploadDays": 7,
                "noncurrentVersionExpiration": {"days": 30},
            }
        ],
    }
    assert len(made) == 2


def test_a_media_bucket_is_a_bucket_with_nothing_looser_about_it() -> None:
    media = declared(lambda: MediaBucket("m", MEDIA))
    alone = declared(lambda: Bucket("b", SETTINGS))
    assert media["m-files-bucket"].inputs == alone["b-bucket"].inputs


def test_a_media_bucket_is_read_and_written_from_the_named_sites_alone() -> None:
    cors = declared(lambda: MediaBucket("m", MEDIA))["m-cors"].inputs
    assert cors == {
        "bucket": "the-files",
        "region": "ams3",
        "corsRules": [
            {
                "allowedOrigins": list(SITES),
                "allowedMethods": ["GET", "HEAD", "PUT"],
                "allowedHeaders": ["*"],
                "maxAgeSeconds": 3600,
            }
        ],
    }


def test_without_a_site_there_is_no_rule_since_the_api_refuses_one_that_names_no_site() -> None:
    made = declared(lambda: MediaBucket("m", MediaArgs(SETTINGS, (), "the-key")))
    assert "m-cors" not in made
    assert "m-key" in made


def test_the_key_of_a_media_bucket_opens_that_bucket_and_cannot_administer_it() -> None:
    made = declared(lambda: MediaBucket("m", MEDIA))
    assert made["m-key"].inputs == {
        "name": "the-key",
        "grants": [{"bucket": "the-files", "permission": "readwrite"}],
    }
    assert made["m-files-bucket"].urn in made["m-key"].dependencies


def test_the_files_are_served_from_the_cdn_in_front_of_the_bucket() -> None:
    made = declared(lambda: MediaBucket("m", MEDIA))
    assert made["m-cdn"].inputs == {"origin": "<m-files-bucket.bucketDomainName>", "ttl": 3600}
    assert exported(lambda: {"cdn": MediaBucket("m", MEDIA).cdn.endpoint}) == {
        "cdn": "<m-cdn.endpoint>"
    }
