"""The only package that may write to AWS: plans, approvals, execution and undo."""
