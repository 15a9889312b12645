"""Third parties by the name that people use, and what their users lack while one is away.

Who uses which is not written here: a variable that begins with a third party's name tells, and of
KROTrust, whose variables are in no plan, its own facts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ThirdParty:
    """`without` is what fails while it is away; where it is `unseen`, only we notice."""

    without: str
    unseen: bool = False


# assumed, of each: the handover says whom a product uses, not what fails without them. As without
# Oracle, what they are used for is gone, and the rest stays up.
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
