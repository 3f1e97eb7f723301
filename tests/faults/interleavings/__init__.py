"""Every way in which one job can be interrupted, woken too late and delivered again.

Not a model of the worker but the worker: its `HandleJob`, consumer, publisher, log and stores, on a
real Redis and the AWS emulator. Two things are not real. The queue holds one message, whose
visibility ends when the schedule says so; and the language model is in this process. Each call that
leaves the worker is a step where it may crash, freeze, or lose the call or its answer.

`schedules.py` says what goes wrong where, `play.py` lets it happen, `verdict.py` says what a reader
must never see. `incarnation.py` is one worker and `steps.py` stops it at its calls.
"""
