"""A strategy in Python: buys a close above all of the last 20, sells one below all of the last 10.

The Strategy class decides and does nothing else; main() connects it to RabbitMQ with pika. Run it
beside a fleet that trades over RabbitMQ:

    pip install -r requirements.txt
    python3 strategy.py --url amqp://strategy:PASSWORD@127.0.0.1:5672/flotilla --state state.json
"""

import argparse
import json
import os
from datetime import timedelta
from decimal import Decimal

import flotilla

ENTRY_CANDLES = 20
EXIT_CANDLES = 10
STOP_LOSS = Decimal("0.97")
TAKE_PROFIT = Decimal("1.06")
ENTRY_LIFETIME = 120
EXIT_LIFETIME = 600
# An intent whose end was never told is given up this long after it was proposed.
OPEN_MAX = timedelta(hours=1)


class Strategy:
    """From a message to the intents it leads to. Its state is plain, so that it can be kept as JSON."""

    def __init__(self, account, name="python-breakout", state=None):
        self.account = account
        self.name = name
        self.state = state if state is not None else {}

    def on_message(self, message):
        if message["type"] == flotilla.SIGNALS:
            return self._on_signals(message)
        if message["payload"].get("account") == self.account:
            self._on_fact(message)
        return []

    def _symbol(self, symbol):
        fresh = {"closes": [], "candle": "", "open": None, "entered": False, "held": False}
        return self.state.setdefault(symbol, fresh)

    def _on_signals(self, message):
        facts = message["payload"]
        mine = self._symbol(facts["symbol"])
        # Instants are texts of one form: they compare as they follow each other.
        if facts["candleOpenTime"] <= mine["candle"]:
            return []
        before = [Decimal(close) for close in mine["closes"]]
        close = Decimal(facts["close"])
        mine["candle"] = facts["candleOpenTime"]
        mine["closes"] = (mine["closes"] + [facts["close"]])[-ENTRY_CANDLES:]
        if mine["open"] is not None and message["occurredAt"] > mine["open"]["until"]:
            mine["open"] = None
        if facts["origin"] != "live" or mine["open"] is not None or len(before) < ENTRY_CANDLES:
            return []
        if not mine["held"] and close > max(before):
            return [self._propose(message, mine, "buy", close)]
        if mine["held"] and mine["entered"] and close < min(before[-EXIT_CANDLES:]):
            return [self._propose(message, mine, "sell", close)]
        return []

    def _propose(self, message, mine, side, close):
        entry = side == "buy"
        exits = (
            flotilla.decimal_text(close * STOP_LOSS),
            flotilla.decimal_text(close * TAKE_PROFIT),
        )
        count = ENTRY_CANDLES if entry else EXIT_CANDLES
        proposed = flotilla.intent(
            message,
            strategy=self.name,
            account=self.account,
            side=side,
            confidence=65,
            reason=f"close {close} is {'above' if entry else 'below'} the last {count}",
            lifetime=ENTRY_LIFETIME if entry else EXIT_LIFETIME,
            exits=exits if entry else None,
        )
        until = flotilla.text_of(flotilla.instant(message["occurredAt"]) + OPEN_MAX)
        mine["open"] = {"intentId": proposed["payload"]["intentId"], "until": until}
        return proposed

    def _on_fact(self, message):
        facts = message["payload"]
        mine = self._symbol(facts["symbol"])
        if message["type"] == flotilla.POSITION:
            mine["held"] = facts["protection"]["state"] not in ("none", "dust")
            mine["entered"] = mine["entered"] and mine["held"]
            return
        if mine["open"] is None or facts["intentId"] != mine["open"]["intentId"]:
            return
        if message["type"] == flotilla.DENIED:
            mine["open"] = None
        elif message["type"] in flotilla.ORDER_ENDS and facts["leg"] in ("entry", "exit"):
            filled = facts["leg"] == "entry" and Decimal(facts["filledQuantity"]) > 0
            mine["entered"] = mine["entered"] or filled
            if facts["endsReservation"]:
                mine["open"] = None


def main():
    options = arguments()
    import pika  # the strategy itself can be read and tested without it

    strategy = Strategy(options.account, options.name, load(options.state))
    connection = pika.BlockingConnection(pika.URLParameters(options.url))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_qos(prefetch_count=32)
    # One queue of our own, so that what happens comes in order. Its name begins as our user's does:
    # the broker lets the user `strategy` declare nothing else. It vanishes with this connection.
    queue = f"strategy.{options.name}"
    bounded = {"x-max-length": 20000, "x-overflow": "drop-head"}
    channel.queue_declare(queue, exclusive=True, arguments=bounded)
    for key in flotilla.binding_keys(flotilla.SIGNALS):
        channel.queue_bind(queue, flotilla.MARKET_EXCHANGE, key)
    for message_type in (flotilla.DENIED, flotilla.POSITION, *flotilla.ORDER_ENDS):
        for key in flotilla.binding_keys(message_type):
            channel.queue_bind(queue, flotilla.TRADING_EXCHANGE, key)

    def take(_channel, method, _properties, body):
        intents = strategy.on_message(json.loads(body))
        # First remembered, then said: whoever is killed in between has wished in vain, not twice.
        save(options.state, strategy.state)
        for proposed in intents:
            publish(channel, proposed)
            print(proposed["payload"]["side"], proposed["payload"]["symbol"], flush=True)
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(queue, take)
    print(f"{options.name} listens", flush=True)
    try:
        channel.start_consuming()
    except KeyboardInterrupt:
        connection.close()


def publish(channel, message):
    """Confirmed and routed, or an exception: a wish that nobody got must not count as proposed."""
    import pika

    properties = pika.BasicProperties(
        content_type="application/json",
        delivery_mode=2,
        message_id=message["messageId"],
        type=message["type"],
    )
    channel.basic_publish(
        exchange=flotilla.TRADING_EXCHANGE,
        routing_key=flotilla.routing_key(message),
        body=json.dumps(message).encode("utf-8"),
        properties=properties,
        mandatory=True,
    )


def load(path):
    if path is None or not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def save(path, state):
    if path is None:
        return
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(state, file)
    os.replace(f"{path}.new", path)


def arguments():
    parser = argparse.ArgumentParser(description="A breakout strategy for Flotilla.")
    parser.add_argument("--url", required=True, help="amqp://strategy:PASSWORD@HOST:5672/VHOST")
    parser.add_argument("--account", default="main")
    parser.add_argument("--name", default="python-breakout", help="how intents name the strategy")
    parser.add_argument("--state", help="file that keeps what it remembers; none unless given")
    return parser.parse_args()


if __name__ == "__main__":
    main()
