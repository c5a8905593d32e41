#!/bin/sh
# Says in a room what came of a build, once, however often it is run for the same job.
#
#   ci-notify.sh HOST ROOM JOB STATUS [LOG]
#
# JOB is what no other build is called, STATUS the build's exit status, LOG a file whose end is shown if that is not 0.
# It ends as chat-tui does; a build is not to fail because nobody was told of it: ci-notify.sh … || true
#
# The environment: everything chat-tui reads (CHAT_NAME, CHAT_PIN, CHAT_CLIENT_DATA), CHAT_TUI for the program if it is not in the
# path, NOTIFY_TRIES (5) and NOTIFY_WAIT_S (2), the first wait between two tries; each further one is twice as long.
set -u

if [ $# -lt 4 ]; then
    echo "usage: ci-notify.sh HOST ROOM JOB STATUS [LOG]" >&2
    exit 2
fi
host=$1 room=$2 job=$3 status=$4 log=${5-}
chat=${CHAT_TUI:-chat-tui}

# Sends standard input under a key. What may go well later is tried again under that key: nothing comes twice, not even what
# was stored although its answer was lost.
say() {
    key=$1 tries=${NOTIFY_TRIES:-5} wait=${NOTIFY_WAIT_S:-2}
    text=$(cat)
    while :; do
        printf '%s\n' "$text" | "$chat" send "$host" "$room" - --key "$key" --split 4k
        code=$?
        tries=$((tries - 1))
        case $code in
            5 | 6 | 9) [ "$tries" -gt 0 ] || return "$code" ;; # not there, no answer in time, a part of it
            *) return "$code" ;;                               # done, or nothing that waiting mends
        esac
        echo "ci-notify: again in $wait s" >&2
        sleep "$wait"
        wait=$((wait * 2))
    done
}

if [ "$status" -eq 0 ]; then
    echo "$job passed" | say "ci $job"
else
    {
        echo "$job failed with $status"
        if [ -n "$log" ]; then
            # Colours and the like are nothing for a message.
            echo '```'
            tail -n 20 -- "$log" | LC_ALL=C tr -cd '\11\12\40-\176' | cut -c 1-160
            echo '```'
        fi
    } | say "ci $job"
fi
