"""What sources share: files as streams, rows as documents, and their way into the store."""
