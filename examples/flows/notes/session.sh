#!/bin/sh
# Signs in at the example service and prints the session's cookie: whom `sluicegate check notes` sends as.
# session.sh NAME: a session that is good. session.sh NAME ended: one that has been signed out again.
origin=${SLUICEGATE_CHECK_ORIGIN:-http://127.0.0.1:8080}
cookie=$(curl -sf -o /dev/null -D - -d "name=$1" "$origin/api/login" | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*$/\1/p')
if [ -z "$cookie" ]; then
  echo "$origin gave no session to $1." >&2
  exit 1
fi
if [ "$2" = ended ]; then
  curl -sf -o /dev/null -b "$cookie" -X POST "$origin/api/logout" || exit 1
fi
echo "$cookie"
