"""What is kept: one DynamoDB table, and S3 for texts too long for an item.

Every method blocks (boto3): Lambdas call them as they are, the worker from its own threads.
`table.py` names the keys, `items.py` turns models into items and back; nobody else knows either.

| item | PK | SK |
|---|---|---|
| user / session | `USER#<id>` | `PROFILE` / `SESSION#<family>` |
| e-mail address | `EMAIL#<hash>` | `USER` |
| conversation | `USER#<id>` | `CNV#<id>` |
| message | `CNV#<id>` | `MSG#<id>` |
| job | `JOB#<id>` | `JOB` |
| usage of a day | `USER#<id>` | `USAGE#<yyyy-mm-dd>` |

The index `lookup` lists a user's conversations by time, and finds a message by its id alone.
"""
