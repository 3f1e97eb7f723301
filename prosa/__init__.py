"""The language the services share: ids, models, jobs, events; one owner per wire format."""
