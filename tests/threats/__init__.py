"""What an attacker would try, one subject a file; each test is named after the attempt. docs/security.md maps them."""
