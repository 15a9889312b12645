"""Third parties by the name that people use, and what fails while one is down.

Who uses which is not written here: a variable that begins with a third party's name shows it, and
for KROTrust, whose variables are in no plan, its own facts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ThirdParty:
    """`without` says what fails while it is down. `unseen`: users notice nothing of it."""

    without: str
    unseen: bool = False


# assumed, each: the handover says who a product uses, not what fails without them. As without
# Oracle, only what they are used for fails, and the rest stays up.
THIRD_PARTIES = {
    **{
        name: ThirdParty(f"payments through {name} are neither made nor confirmed")
        for name in ("Remita", "Paystack", "Fincra", "Providus")
    },
    "SendGrid": ThirdParty("mails are not sent"),
    **{
        name: ThirdParty(f"text messages through {name} are not sent")
        for name in ("Termii", "Telnyx", "Twilio")
    },
    "Cloudinary": ThirdParty("videos are neither shown nor taken"),
    "Highlight.io": ThirdParty("its errors are not seen; its users notice nothing", unseen=True),
    "PostHog": ThirdParty("what its users do is not seen; they notice nothing", unseen=True),
    "OTLP": ThirdParty("its traces are not seen; its users notice nothing", unseen=True),
}
