"""What the terminal shows: reports and answers drawn with rich. Data is never read as markup."""
