"""The mailbox of answers: e-mails of guards, auto-replies and bounces, read over IMAP."""
