#!/usr/bin/env python3
"""A bot that answers !ping, !remind and !help. Python 3 and its standard library are all it needs.

    helper.py HOST ROOM [ROOM ...]

It is a program at the two pipes of `chat-tui bot jsonl`. Whatever kills it, the next run goes on where it was:

* An event is acknowledged when all it asked for is done, so what was under way comes again.
* Whatever it says has a key made of the event, so what comes again is not said again.
* Reminders are in a file before they are promised.

The environment: everything chat-tui reads (CHAT_NAME, CHAT_PIN, CHAT_CLIENT_DATA), CHAT_TUI for the program if it is not in the
path, and HELPER_STATE, the directory of its two files, by default the working directory.
"""

import collections
import datetime
import json
import os
import queue
import re
import subprocess
import sys
import threading
import time

REMIND = re.compile(r"!remind (\d{1,6})([smhd]) (.+)", re.DOTALL)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
REMINDERS_MAX = 1000
HELP = "!ping answers, !remind 10m tea reminds you of it (s, m, h or d), !help is this"


class Chat:
    """The bot's end of the two pipes. Requests are answered one after the other; events that come meanwhile wait."""

    def __init__(self, host, rooms, state):
        command = [os.environ.get("CHAT_TUI", "chat-tui"), "bot", "jsonl", host]
        command += ["--from", "cursor", "--cursor", os.path.join(state, "helper.cur"), "--ack"]
        for room in rooms:
            command += ["--join", room]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = queue.Queue(1000)
        self.events = collections.deque()
        self.asked = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def _line(self, timeout=None):
        line = self.lines.get(timeout=timeout)
        if line is None:
            sys.exit(self.process.wait())
        return line

    def event(self, timeout):
        """The next event; nothing if none comes in time."""
        if self.events:
            return self.events.popleft()
        try:
            return self._line(timeout)
        except queue.Empty:
            return None

    def ask(self, **request):
        """Asks until there is an answer for good, and gives it back."""
        while True:
            self.asked += 1
            try:
                self.process.stdin.write(json.dumps({"id": self.asked, **request}).encode() + b"\n")
                self.process.stdin.flush()
            except BrokenPipeError:
                sys.exit(self.process.wait())
            while (line := self._line()).get("re") != self.asked:
                self.events.append(line)
            if line["ok"] or not line["retry"]:
                break
            time.sleep(line.get("retry_after_ms", 1000) / 1000)
        if not line["ok"]:
            print(f"{request['op']} in {request.get('room')}: {line['code']}: {line['error']}", file=sys.stderr)
        return line


class Reminders:
    """What is to be said when, in a file that is replaced whole."""

    def __init__(self, path):
        self.path = path
        self.all = {}
        if os.path.exists(path):
            with open(path) as file:
                self.all = json.load(file)

    def save(self):
        with open(self.path + ".new", "w") as file:
            json.dump(self.all, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)

    def add(self, key, reminder):
        self.all[key] = reminder
        self.save()

    def wait(self):
        """Seconds until the next one; nothing if there is none."""
        times = [reminder["at"] for reminder in self.all.values()]
        return min(max(0, min(times) - time.time()), 3600) if times else None

    def say_due(self, chat):
        due = sorted((reminder["at"], key) for key, reminder in self.all.items() if reminder["at"] <= time.time())
        for _, key in due:
            reminder = self.all[key]
            chat.ask(op="send", room=reminder["room"], text=reminder["text"], reply_to=reminder["seq"], key="due-" + key)
            del self.all[key]
            self.save()


def deal_with(chat, reminders, message):
    room, seq, text = message["room"], message["seq"], message["text"].strip()
    # A room that is deleted and made again counts from 1 once more.
    key = f"{room}-{seq}-{message['ts']}"
    if text == "!ping":
        reply = "pong"
    elif text == "!help":
        reply = HELP
    elif wanted := REMIND.fullmatch(text):
        number, unit, what = wanted.groups()
        # From when it was said, not from when it was read.
        said = datetime.datetime.fromisoformat(message["ts"].replace("Z", "+00:00")).timestamp()
        words = f"{message['from']['name']}: {what}"
        if len(reminders.all) >= REMINDERS_MAX and key not in reminders.all:
            reply = "too many reminders wait already"
        else:
            reminders.add(key, {"room": room, "seq": seq, "at": said + int(number) * SECONDS[unit], "text": words})
            reply = f"I will, in {number}{unit}"
    else:
        return
    chat.ask(op="send", room=room, text=reply, reply_to=seq, key=key)


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: helper.py HOST ROOM [ROOM ...]")
    state = os.environ.get("HELPER_STATE", ".")
    reminders = Reminders(os.path.join(state, "reminders.json"))
    chat = Chat(sys.argv[1], sys.argv[2:], state)
    while True:
        event = chat.event(reminders.wait())
        reminders.say_due(chat)
        if event is None or "seq" not in event or event.get("ev") == "read":
            continue
        if event["ev"] == "message" and not event.get("bot"):
            deal_with(chat, reminders, event)
        chat.ask(op="ack", room=event["room"], seq=event["seq"])


try:
    main()
except KeyboardInterrupt:
    sys.exit(0)
