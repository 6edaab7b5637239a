"""Calls every method of PyPI's aw-client on the hub of argv[1] (host) and argv[2] (port), and checks what each answers."""

import sys
import time
from datetime import datetime, timedelta, timezone

import requests
from aw_client import ActivityWatchClient
from aw_core.models import Event

calls = 0


def done(holds, what):
    global calls
    calls += 1
    if not holds:
        sys.exit(f"{what} is wrong")


def event(start, seconds, **data):
    return Event(timestamp=start, duration=timedelta(seconds=seconds), data=data)


client = ActivityWatchClient("clients-run", host=sys.argv[1], port=int(sys.argv[2]))
bucket = f"clients-run_{client.client_hostname}"
start = datetime(2026, 3, 1, 10, tzinfo=timezone.utc)

client.wait_for_start()
done(True, "wait_for_start")
done(set(client.get_info()) >= {"hostname", "version", "testing", "device_id"}, "get_info")
client.create_bucket(bucket, "currentwindow")
client.create_bucket(bucket, "currentwindow")
done(client.get_buckets()[bucket]["type"] == "currentwindow", "create_bucket, get_buckets")
client.insert_event(bucket, event(start, 10, app="vim", title="a"))
done(client.get_eventcount(bucket) == 1, "insert_event, get_eventcount")
client.insert_events(bucket, [event(start + timedelta(seconds=10 * n), 10, app=f"app{n % 3}", title="b") for n in range(1, 31)])
events = client.get_events(bucket)
done(len(events) == 31 and events[0].timestamp > events[-1].timestamp, "insert_events, get_events")
done(len(client.get_events(bucket, limit=5)) == 5, "get_events with limit")
part = client.get_events(bucket, start=start, end=start + timedelta(seconds=30))
done(2 < len(part) < 6, "get_events with start and end")
done(client.get_eventcount(bucket, start=start, end=start + timedelta(seconds=30)) >= 3, "get_eventcount with start and end")
one = client.get_event(bucket, events[3].id)
done(one.timestamp == events[3].timestamp and one.data == events[3].data, "get_event")
client.delete_event(bucket, events[3].id)
done(client.get_eventcount(bucket) == 30, "delete_event")
try:
    done(client.get_event(bucket, events[3].id) is None, "get_event of a deleted event")
except requests.HTTPError as error:
    done(error.response.status_code == 404, "get_event of a deleted event")

now = datetime.now(timezone.utc) - timedelta(seconds=10)
client.heartbeat(bucket, event(now, 0, app="beat"), pulsetime=5)
client.heartbeat(bucket, event(now + timedelta(seconds=2), 0, app="beat"), pulsetime=5)
newest = client.get_events(bucket, limit=1)[0]
done(newest.data == {"app": "beat"} and newest.duration == timedelta(seconds=2), "heartbeat")

result = client.query(
    f'events = query_bucket("{bucket}");\nRETURN = merge_events_by_keys(events, ["app"]);',
    [(start, start + timedelta(hours=1))],
    name="clients-run",
    cache=True,
)
done(len(result) == 1 and {row["data"]["app"] for row in result[0]} >= {"app0", "app1", "app2"}, "query")
client.set_setting("clients-run", {"a": [1, "ä"]})
done(client.get_setting("clients-run") == {"a": [1, "ä"]} and "clients-run" in client.get_setting(), "settings")

exported = client.export_bucket(bucket)
done(list(exported["buckets"]) == [bucket] and len(exported["buckets"][bucket]["events"]) == 31, "export_bucket")
done(bucket in client.export_all()["buckets"], "export_all")
client.delete_bucket(bucket, force=True)
done(bucket not in client.get_buckets(), "delete_bucket")
copy = exported["buckets"][bucket]
client.import_bucket(copy)
done(client.get_eventcount(bucket) == 31, "import_bucket")

queued = f"queued_{client.client_hostname}"
client.setup_bucket(queued, "afkstatus")
with client:
    for n in range(12):
        client.heartbeat(queued, event(now + timedelta(seconds=n), 0, status="not-afk"), pulsetime=60, queued=True, commit_interval=1)
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        try:
            if client.get_eventcount(queued) == 1 and client.get_events(queued)[0].duration >= timedelta(seconds=8):
                break
        except requests.HTTPError:
            pass
        time.sleep(0.1)
    else:
        sys.exit("queued heartbeats did not arrive")
calls += 2
print(f"{calls} checks of its calls, a queue of 12 heartbeats among them")
