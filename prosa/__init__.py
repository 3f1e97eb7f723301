"""The language the services share: ids, models, jobs, events, and the one owner of each wire format."""
