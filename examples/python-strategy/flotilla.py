"""What a strategy has to know of Flotilla's messages: ids, routing, envelope and intent.

Standard library only, so that it can be read and tested without a broker. The contract is described
in docs/strategies/other-languages.md; every payload in docs/MESSAGES.md and docs/asyncapi.yaml.
"""

import hashlib
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal

INTENT = "strategy.intent.proposed.v1"
SIGNALS = "analysis.signals.computed.v1"
DENIED = "risk.intent.denied.v1"
POSITION = "execution.position.changed.v1"
ORDER_ENDS = tuple(
    f"execution.order.{how}.v1" for how in ("rejected", "filled", "canceled", "expired")
)

MARKET_EXCHANGE = "flotilla.market"
TRADING_EXCHANGE = "flotilla.trading"
PARTITIONS = 4

_NAMESPACE = bytes.fromhex("7b0c4f5e9d1a4c0fb1f6a9f3c2d85e67")
_WORD = 0xFFFFFFFF


def derive_id(*parts):
    """The version 5 UUID of some texts: the same parts make the same id, everywhere and always.

    Each part is preceded by its length in UTF-16 units and a colon, so that ("ab", "c") and
    ("a", "bc") are different ids.
    """
    name = "".join(f"{len(part.encode('utf-16-le')) // 2}:{part}" for part in parts)
    digest = hashlib.sha1(_NAMESPACE + name.encode("utf-8")).digest()
    return str(uuid.UUID(bytes=digest[:16], version=5))


def partition_of(symbol, count=PARTITIONS):
    """FNV-1a (32 bits) of the symbol's text, finished with MurmurHash3's fmix32, modulo count."""
    value = 0x811C9DC5
    for letter in symbol.encode("ascii"):
        value = ((value ^ letter) * 0x01000193) & _WORD
    value = ((value ^ (value >> 16)) * 0x85EBCA6B) & _WORD
    value = ((value ^ (value >> 13)) * 0xC2B2AE35) & _WORD
    return (value ^ (value >> 16)) % count


def routing_key(message):
    """<type>.<venue>.<symbol in lower case, with a hyphen>.p<partition in two digits>"""
    payload = message["payload"]
    slug = payload["symbol"].lower().replace("/", "-")
    partition = partition_of(payload["symbol"])
    return f"{message['type']}.{payload['venue']}.{slug}.p{partition:02d}"


def binding_keys(message_type):
    """One for every partition. The broker lets a user bind exactly these, and no wider pattern."""
    return [f"{message_type}.*.*.p{partition:02d}" for partition in range(PARTITIONS)]


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text_of(moment):
    utc = moment.astimezone(timezone.utc)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def decimal_text(value):
    """Plain, exact and without trailing zeros: money never travels as a floating-point number."""
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def intent(signals, *, strategy, account, side, confidence, reason, lifetime, exits=None):
    """The intent that a strategy proposes on an analysis.

    Its ids follow from account, strategy, symbol and candle: proposed twice, after a crash or on a
    redelivered message, it is the same intent and is decided once. Time is the time of the messages,
    for a simulated market runs faster than the clock on the wall.
    """
    facts = signals["payload"]
    now = instant(signals["occurredAt"])
    candle = facts["candleOpenTime"]
    venue, symbol, timeframe = facts["venue"], facts["symbol"], facts["timeframe"]
    stop_loss, take_profit = exits if exits is not None else (None, None)
    causes = [signals["causationId"], signals["messageId"]]
    return {
        "messageId": derive_id(INTENT, account, signals["messageId"], f"{strategy} {candle}"),
        "type": INTENT,
        "source": "strategy",
        "occurredAt": text_of(now),
        "correlationId": signals["correlationId"],
        "causationId": signals["messageId"],
        "account": account,
        "payload": {
            "intentId": derive_id("intent", account, strategy, venue, symbol, timeframe, candle),
            "strategy": strategy,
            "venue": venue,
            "symbol": symbol,
            "side": side,
            "purpose": "entry" if side == "buy" else "exit",
            "confidence": confidence,
            "expectedPrice": facts["close"],
            "expectedPriceAt": facts["candleCloseTime"],
            "reason": reason,
            "stopLossPrice": stop_loss,
            "takeProfitPrice": take_profit,
            "expiresAt": text_of(now + timedelta(seconds=lifetime)),
            "chain": [each for each in causes if each is not None],
        },
    }
