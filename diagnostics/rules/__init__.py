"""Pure reasoning that several causes share."""
