"""`alb502 doctor`: looks whether everything that the bot needs is there, and writes nothing to find out.

One file for each thing that is looked at. What reads (`slack_reads`, `aws_look`) is apart from what judges.
"""
