-- All functions and tables, on one conversation.
.load dist/branch
.mode list
SELECT branch_version() = '0.1.0';
